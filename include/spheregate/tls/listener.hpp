#pragma once

#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "spheregate/base/clock.hpp"
#include "spheregate/base/result.hpp"
#include "spheregate/base/wire.hpp"
#include "spheregate/metrics/registry.hpp"
#include "spheregate/tls/refused_peer.hpp"
#include "spheregate/tls/settings.hpp"
#include "spheregate/tls/shown_certificate.hpp"
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

  // Binds, or adopts the inherited socket, and loads certificate and key; the error names the file and what to do. The sink may be null.
  static base::Explained<std::unique_ptr<Listener>> open(boost::asio::io_context& loop, const ListenerSettings& settings,
                                                         const base::Clock& clock, metrics::Registry& metrics, Judge judge,
                                                         Welcome welcome, RefusalSink refused = nullptr);
  ~Listener();
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  // Where it listens; until `stop`.
  std::uint16_t port() const;
  std::string address() const;
  // For whoever keeps it open while one process replaces another; it stays the listener's.
  int socket() const;

  // Takes another certificate and key for handshakes that begin from now on; those in progress and all connections keep theirs.
  // They are read and checked as at the start, and one that is not valid now is refused while the one in use is. On error the
  // old stay in use; the error names the file and what to do.
  base::Explained<void> renew(const std::filesystem::path& certificate, const std::string& privateKey);
  // The same in two steps, for who has more to change in one go: nothing changes before what this returns is called, once. That
  // cannot fail.
  base::Explained<std::function<void()>> prepare(const std::filesystem::path& certificate, const std::string& privateKey);
  // What devices are shown now; until the next `renew`.
  const ShownCertificate& certificate() const;

  // Stops accepting and drops handshakes in progress; established wires live on with their owners.
  void stop();

 private:
  struct Inside;
  explicit Listener(std::shared_ptr<Inside> inside);
  std::shared_ptr<Inside> inside_;
};

}  // namespace spheregate::tls
