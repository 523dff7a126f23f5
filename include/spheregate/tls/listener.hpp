#pragma once

#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <functional>
#include <memory>

#include "spheregate/base/clock.hpp"
#include "spheregate/base/result.hpp"
#include "spheregate/base/wire.hpp"
#include "spheregate/metrics/registry.hpp"
#include "spheregate/tls/settings.hpp"
#include "spheregate/tls/verdict.hpp"

namespace spheregate::tls {

// A device that finished the handshake and was judged welcome.
struct Arrival {
  std::unique_ptr<base::Wire> wire;  // attach a user before returning to the loop
  std::shared_ptr<const Verdict> verdict;
};

// Accepts TCP connections, completes TLS 1.2/1.3 with a required client certificate, hands over those the Judge accepts.
// Everyone refused leaves one log line (peer, certificate, reason, fix) and one count. Core thread only.
class Listener {
 public:
  // Must not destroy the listener.
  using Welcome = std::function<void(Arrival)>;

  // Binds and loads certificate and key; the error names the file and what to do.
  static base::Explained<std::unique_ptr<Listener>> open(boost::asio::io_context& loop, const ListenerSettings& settings,
                                                         const base::Clock& clock, metrics::Registry& metrics, Judge judge,
                                                         Welcome welcome);
  ~Listener();
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  std::uint16_t port() const;
  // Stops accepting and drops handshakes in progress; established wires live on with their owners.
  void stop();

 private:
  struct Inside;
  explicit Listener(std::shared_ptr<Inside> inside);
  std::shared_ptr<Inside> inside_;
};

}  // namespace spheregate::tls
