#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "hubsim/transcript.hpp"
#include "spheregate/base/wire.hpp"

namespace spheregate::hubsim {

// Everything the hub says on one connection goes through here, into the outbox and, once the device is known, the transcript.
class PacketWriter {
 public:
  PacketWriter(base::Wire& wire, Transcript& transcript) : wire_{wire}, transcript_{transcript} {}

  void identify(std::shared_ptr<const std::string> device, std::uint64_t connection) {
    device_ = std::move(device);
    connection_ = connection;
  }

  // `append(outbox)` writes one packet. Whoever says something outside the turn of a read flushes.
  template <class Append>
  void say(Append append) {
    base::Bytes& outbox = wire_.outbox();
    const std::size_t before = outbox.size();
    append(outbox);
    if (device_)
      transcript_.record(device_, connection_, Transcript::Direction::toDevice, base::ByteView{outbox}.subspan(before));
  }
  void heard(base::ByteView packet) {
    if (device_) transcript_.record(device_, connection_, Transcript::Direction::fromDevice, packet);
  }
  void flush() { wire_.flush(); }
  std::size_t unread() const { return wire_.backlog(); }

 private:
  base::Wire& wire_;
  Transcript& transcript_;
  std::shared_ptr<const std::string> device_;
  std::uint64_t connection_ = 0;
};

}  // namespace spheregate::hubsim
