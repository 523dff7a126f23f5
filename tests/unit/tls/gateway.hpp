#pragma once

#include <boost/asio/io_context.hpp>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "spheregate/base/clock.hpp"
#include "spheregate/metrics/registry.hpp"
#include "spheregate/tls/listener.hpp"
#include "unit/tls/certificates.hpp"
#include "unit/tls/peer.hpp"

namespace spheregate::tls::test {

// The user of a wire, who writes down everything.
class Notebook final : public base::WireUser {
 public:
  void wireBytes(base::ByteView bytes) override {
    heard += base::asText(bytes);
    ++deliveries;
    if (onBytes) onBytes(bytes);
  }
  void wireDrained() override { ++drained; }
  void wireClosed(std::string_view reason) override {
    closed = reason;
    if (onClosed) onClosed();
  }

  std::string heard;
  int deliveries = 0;
  int drained = 0;
  std::optional<std::string> closed;
  std::function<void(base::ByteView)> onBytes;
  std::function<void()> onClosed;
};

// A listener with its certificates, a judge who lets everybody in unless told otherwise, and the wires that came.
class Gateway {
 public:
  explicit Gateway(ListenerSettings settings = defaults());
  ~Gateway();

  // No limit on handshakes: everybody comes from one address here.
  static ListenerSettings defaults();

  std::uint64_t handshakes(const char* result) {
    return metrics.counter("tls_handshakes_total", "", {{"result", result}}).value();
  }
  bool turnUntil(const std::function<bool()>& condition) { return test::turnUntil(loop, condition); }

  struct Guest {
    std::unique_ptr<base::Wire> wire;
    std::shared_ptr<const Verdict> verdict;
    Notebook notebook;
  };

  // Shared by all tests of the program: making keys takes time.
  static const Identity& root();
  static const Identity& server();
  static const Identity& device();

  Directory directory;
  base::SystemClock clock;
  metrics::Registry metrics;  // before the loop, whose pending operations may still count something
  boost::asio::io_context loop;
  std::optional<Verdict> refusal;
  std::function<void(Guest&)> onGuest;
  std::deque<Guest> guests;
  // What the sink was told, less the verdict.
  std::vector<RefusedPeer> refused;
  std::unique_ptr<Listener> listener;
};

}  // namespace spheregate::tls::test
