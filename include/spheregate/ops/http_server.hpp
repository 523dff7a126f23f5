#pragma once

#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "spheregate/base/result.hpp"
#include "spheregate/ops/settings.hpp"

namespace spheregate::ops {

// Where the answers come from. Called on the loop, once a request.
struct HttpSources {
  std::function<std::string()> metrics;                  // Prometheus text
  std::function<std::optional<std::string>()> notReady;  // a sentence when devices cannot be served
  std::function<std::string()> status;                   // JSON
};

// What operators and their tools read: /metrics, /healthz, /readyz, /status. Only GET and HEAD; it changes nothing. Core thread
// only. A slow or hostile client costs at most one of `connectionsMax` places for the deadline; when all are taken, the
// connection that has been quiet longest makes room.
class HttpServer {
 public:
  // Listens from now on and answers once the loop runs. The error names the address and what to do.
  static base::Explained<std::unique_ptr<HttpServer>> open(boost::asio::io_context& loop, const HttpSettings& settings,
                                                           HttpSources sources);
  // Drops all connections; no source is called afterwards.
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  std::uint16_t port() const { return port_; }

 private:
  class Door;
  HttpServer(std::shared_ptr<Door> door, std::uint16_t port);
  std::shared_ptr<Door> door_;
  std::uint16_t port_;
};

}  // namespace spheregate::ops
