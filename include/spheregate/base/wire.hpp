#pragma once

#include <cstddef>
#include <string_view>

#include "spheregate/base/bytes.hpp"

namespace spheregate::base {

// Who a Wire talks to. All calls come on the core thread, never from inside a call to the Wire.
class WireUser {
 public:
  virtual ~WireUser() = default;
  // Bytes in arrival order, valid during the call. The user may append to the outbox, pause or close the wire, but must not
  // destroy it here.
  virtual void wireBytes(ByteView bytes) = 0;
  // The backlog has been written after it had stood above `Wire::kHighWater`.
  virtual void wireDrained() = 0;
  // The peer or the network ended it. Last call; the wire may be destroyed in it.
  virtual void wireClosed(std::string_view reason) = 0;
};

// The network seam: one ordered byte stream to a peer, authenticated and encrypted by whoever made it. Core thread only.
// Destroying it drops the connection; the user hears nothing more.
class Wire {
 public:
  // Above this many unsent bytes a user should stop producing until `wireDrained`.
  static constexpr std::size_t kHighWater = 256 * 1024;

  virtual ~Wire() = default;
  // Once, before the first event is delivered. The user must outlive the wire.
  virtual void attach(WireUser& user) = 0;
  // Append here, then call `flush`; everything appended in one turn of the loop leaves in as few records as possible.
  virtual Bytes& outbox() = 0;
  virtual void flush() = 0;
  virtual std::size_t backlog() const = 0;
  virtual void pauseReading() = 0;
  virtual void resumeReading() = 0;
  // Sends what is in the outbox as far as the peer takes it, then closes; the user hears nothing more, bytes included.
  virtual void close() = 0;
  // The peer is somebody from now on; until then it may have to go when others need its place.
  virtual void admitted() {}
  // For logs: address and port.
  virtual std::string_view peer() const = 0;
};

}  // namespace spheregate::base
