#include "spheregate/ops/http_server.hpp"

#include <algorithm>
#include <boost/asio/error.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <unordered_set>
#include <utility>

#include "http_connection.hpp"
#include "spheregate/base/log.hpp"

namespace spheregate::ops {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using ErrorCode = boost::system::error_code;

constexpr int kBacklog = 64;
// When the process has no file descriptors left, accepting fails at once, again and again.
constexpr std::chrono::milliseconds kAcceptPause{100};

}  // namespace

// Accepts and counts connections. Kept alive by pending operations, so that a connection that ends late finds it.
class HttpServer::Door : public std::enable_shared_from_this<Door> {
 public:
  Door(asio::io_context& loop, const HttpSettings& settings, HttpSources sources)
      : acceptor_{loop}, pause_{loop}, settings_{settings}, sources_{std::move(sources)} {}

  ErrorCode listen(const tcp::endpoint& endpoint) {
    ErrorCode error;
    acceptor_.open(endpoint.protocol(), error);
    if (!error) acceptor_.set_option(tcp::acceptor::reuse_address{true}, error);
    if (!error) acceptor_.bind(endpoint, error);
    if (!error) acceptor_.listen(kBacklog, error);
    return error;
  }

  std::uint16_t port() const { return port_; }

  void start() {
    port_ = acceptor_.local_endpoint().port();
    acceptNext();
  }

  void close() {
    closed_ = true;
    ErrorCode ignored;
    acceptor_.close(ignored);
    pause_.cancel();
    for (HttpConnection* connection : connections_) connection->close();
  }

 private:
  void acceptNext() {
    if (closed_) return;
    acceptor_.async_accept([self = shared_from_this()](ErrorCode error, tcp::socket socket) {
      self->accepted(error, std::move(socket));
    });
  }

  void accepted(ErrorCode error, tcp::socket socket) {
    if (closed_) return;
    if (error) {
      pause_.expires_after(kAcceptPause);
      pause_.async_wait([self = shared_from_this()](ErrorCode) { self->acceptNext(); });
      return;
    }
    auto connection = std::make_shared<HttpConnection>(
        std::move(socket), settings_.deadline,
        [self = shared_from_this()](const HttpRequest& request) { return answerTo(request, self->sources_); },
        [self = shared_from_this()](HttpConnection* ended) { self->connections_.erase(ended); });
    if (!connections_.empty() && connections_.size() >= settings_.connectionsMax) dropQuietest();
    connections_.insert(connection.get());
    connection->readNext();
    acceptNext();
  }

  // Whoever holds all places and asks nothing must not keep an operator out.
  void dropQuietest() {
    const auto quietest =
        std::min_element(connections_.begin(), connections_.end(),
                         [](const HttpConnection* a, const HttpConnection* b) { return a->quietSince() < b->quietSince(); });
    HttpConnection* dropped = *quietest;
    connections_.erase(quietest);
    dropped->close();
  }

  tcp::acceptor acceptor_;
  asio::steady_timer pause_;
  HttpSettings settings_;
  HttpSources sources_;
  std::unordered_set<HttpConnection*> connections_;
  std::uint16_t port_ = 0;
  bool closed_ = false;
};

HttpServer::HttpServer(std::shared_ptr<Door> door) : door_{std::move(door)} {}

HttpServer::~HttpServer() { door_->close(); }

std::uint16_t HttpServer::port() const { return door_->port(); }

base::Explained<std::unique_ptr<HttpServer>> HttpServer::open(asio::io_context& loop, const HttpSettings& settings,
                                                              HttpSources sources) {
  using Made = std::unique_ptr<HttpServer>;
  ErrorCode error;
  const auto address = asio::ip::make_address(settings.address, error);
  if (error) return base::failed<Made>("http.listen: " + settings.address + " is not an IP address; write it as 127.0.0.1:9464");
  auto door = std::make_shared<Door>(loop, settings, std::move(sources));
  error = door->listen({address, settings.port});
  if (error) {
    return base::failed<Made>("http.listen: cannot listen on " + settings.address + " port " + std::to_string(settings.port) +
                              ": " + error.message() + "; choose another port, or end the program that has it");
  }
  door->start();
  base::logInfo("http listening", {{"address", settings.address}, {"port", door->port()}});
  if (!address.is_loopback()) {
    base::logWarn("http open to the network", {{"address", settings.address},
                                               {"reason", "there is no password, and /status names every device"},
                                               {"fix", "listen on 127.0.0.1 or [::1], or let a firewall choose who may ask"}});
  }
  return Made{new HttpServer{std::move(door)}};
}

}  // namespace spheregate::ops
