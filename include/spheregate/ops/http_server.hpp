#pragma once

#include <boost/asio/io_context.hpp>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "spheregate/base/result.hpp"
#include "spheregate/metrics/registry.hpp"
#include "spheregate/ops/admin_socket.hpp"
#include "spheregate/ops/settings.hpp"

namespace spheregate::ops {

// Where the answers come from. Called on the loop, once a request.
struct HttpSources {
  std::function<std::string()> metrics;                  // Prometheus text
  std::function<std::optional<std::string>()> notReady;  // a sentence when devices cannot be served
  // Everything that is JSON, from /status on; nothing for a path that is not there.
  std::function<std::optional<AdminAnswer>(const AdminRequest&)> read;
  std::function<std::string()> events;  // what somebody who listens to /events hears first
};

// What operators and their tools read: the status page, /metrics, /healthz, /readyz, JSON, and events. Only GET and HEAD; it changes nothing. With TLS,
// with a password, both or neither, as the settings say. Core thread only. A slow or hostile client costs at most one of `connectionsMax`
// places for the deadline; when all are taken, the connection that has been quiet longest makes room.
class HttpServer {
 public:
  // Listens from now on and answers once the loop runs. The error names the address, or the key and its file, and what to do.
  static base::Explained<std::unique_ptr<HttpServer>> open(boost::asio::io_context& loop, const HttpSettings& settings, HttpSources sources,
                                                           metrics::Registry& metrics);
  // Drops all connections; no source is called afterwards.
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  std::uint16_t port() const;

  // Reads certificate, key and password anew. What comes back takes them into use, for connections and requests from then on, and cannot fail.
  base::Explained<std::function<void()>> prepare(const HttpSettings& settings) const;

  // To all who listen to /events: one or several events, as they are sent.
  void publish(std::string events);
  std::size_t listeners() const;
  void endEvents();

 private:
  struct Inside;
  class Door;
  HttpServer(std::shared_ptr<Inside> inside, std::shared_ptr<Door> door);
  std::shared_ptr<Inside> inside_;
  std::shared_ptr<Door> door_;
};

}  // namespace spheregate::ops
