#include "spheregate/ops/http_server.hpp"

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/http/field.hpp>
#include <boost/beast/http/status.hpp>
#include <utility>

#include "event_feed.hpp"
#include "http_door.hpp"
#include "http_guard.hpp"
#include "http_routes.hpp"
#include "http_secrets.hpp"
#include "spheregate/base/log.hpp"

namespace spheregate::ops {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using ErrorCode = boost::system::error_code;

constexpr int kBacklog = 64;
// Of all answers on their way together. Those that are small are not counted, so that monitoring gets through.
constexpr std::size_t kUnsentBytesMax = 16u << 20;
constexpr std::size_t kSmallBytesMax = 256u << 10;

ErrorCode listen(tcp::acceptor& acceptor, const tcp::endpoint& endpoint) {
  ErrorCode error;
  acceptor.open(endpoint.protocol(), error);
  if (!error) acceptor.set_option(tcp::acceptor::reuse_address{true}, error);
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(kBacklog, error);
  return error;
}

// Of IPv6 the network, because whoever has one address there has them all.
std::string sourceOf(const tcp::socket& socket) {
  ErrorCode error;
  const asio::ip::address address = socket.remote_endpoint(error).address();
  if (error || address.is_v4()) return address.to_string();
  asio::ip::address_v6 six = address.to_v6();
  if (six.is_v4_mapped()) return asio::ip::make_address_v4(asio::ip::v4_mapped, six).to_string();
  auto bytes = six.to_bytes();
  std::fill(bytes.begin() + 8, bytes.end(), static_cast<unsigned char>(0));
  return asio::ip::address_v6{bytes}.to_string() + "/64";
}

}  // namespace

struct HttpServer::Inside {
  Inside(HttpSources itsSources, metrics::Registry& registry, bool reachable)
      : sources{std::move(itsSources)},
        metrics{registry},
        guard{registry},
        events{std::make_shared<EventFeed>(sources.events, registry)},
        fromNetwork{reachable} {}

  void use(const HttpSecrets& secrets);
  HttpReply reply(const HttpRequest& request, HttpVisitor& visitor);
  HttpReply answered(const HttpRequest& request, HttpVisitor& visitor);
  HttpReply withRoom(HttpReply made, const HttpRequest& request);

  HttpSources sources;
  metrics::Registry& metrics;
  HttpGuard guard;
  std::shared_ptr<EventFeed> events;
  std::shared_ptr<asio::ssl::context> tls;
  bool fromNetwork;          // not only this machine can reach it
  std::string missing{"-"};  // of what such a listener should have; empty: nothing
  std::shared_ptr<std::size_t> unsentBytes = std::make_shared<std::size_t>(0);
};

// Whoever listens to events has shown what was in force before.
void HttpServer::Inside::use(const HttpSecrets& secrets) {
  if (guard.login() != secrets.login) events->end();
  tls = secrets.tls;
  guard.use(secrets.login);
  std::string lacking = tls ? "" : "TLS";
  if (!guard.login()) lacking += lacking.empty() ? "a password" : " and a password";
  if (std::exchange(missing, lacking) == lacking || !fromNetwork || missing.empty()) return;
  base::logWarn("http open to the network",
                {{"missing", missing},
                 {"consequence", guard.login() ? "the password can be read on the way" : "who reaches the port can read the name of every device"},
                 {"fix", "set http.certificate and http.private_key, http.user and http.password_file, or listen on 127.0.0.1 or [::1]"}});
}

HttpReply HttpServer::Inside::reply(const HttpRequest& request, HttpVisitor& visitor) {
  HttpReply made = withRoom(answered(request, visitor), request);
  metrics.counter("http_requests_total", "Requests to the HTTP listener, by the status of the answer.", {{"code", std::to_string(made.answer.result_int())}}).add();
  return made;
}

HttpReply HttpServer::Inside::answered(const HttpRequest& request, HttpVisitor& visitor) {
  if (auto objection = guard.objection(request, visitor)) return std::move(*objection);
  return replyTo(request, sources, events, !guard.login().has_value());
}

// Whoever asks for much on every connection and reads nothing must not fill the memory. One answer always has room.
HttpReply HttpServer::Inside::withRoom(HttpReply made, const HttpRequest& request) {
  const std::size_t bytes = made.answer.body().size();
  if (bytes <= kSmallBytesMax) return made;
  if (*unsentBytes > 0 && *unsentBytes + bytes > kUnsentBytesMax) {
    HttpAnswer full = answer(boost::beast::http::status::service_unavailable, kPlainText,
                             "too many clients do not take their answers; ask again, or for less\n");
    full.set(boost::beast::http::field::retry_after, "2");
    return {.answer = fitted(std::move(full), request)};
  }
  *unsentBytes += bytes;
  made.room = std::shared_ptr<void>{nullptr, [unsent = unsentBytes, bytes](void*) { *unsent -= bytes; }};
  return made;
}

class HttpServer::Door : public HttpDoor<tcp> {
 public:
  using HttpDoor<tcp>::HttpDoor;
  std::uint16_t port = 0;
};

HttpServer::HttpServer(std::shared_ptr<Inside> inside, std::shared_ptr<Door> door) : inside_{std::move(inside)}, door_{std::move(door)} {}

HttpServer::~HttpServer() { door_->close(); }

base::Explained<std::unique_ptr<HttpServer>> HttpServer::open(asio::io_context& loop, const HttpSettings& settings, HttpSources sources,
                                                              metrics::Registry& metrics) {
  using Made = std::unique_ptr<HttpServer>;
  const auto& [host, port] = settings.listen;
  ErrorCode error;
  const auto address = asio::ip::make_address(host, error);
  if (error) return base::failed<Made>("http.listen: " + host + " is not an IP address; write it as 127.0.0.1:9464");
  const auto secrets = readSecrets(settings);
  if (!secrets) return base::failed<Made>(secrets.error());
  tcp::acceptor acceptor{loop};
  error = ops::listen(acceptor, {address, port});
  if (error) {
    return base::failed<Made>("http.listen: cannot listen on " + host + " port " + std::to_string(port) + ": " + error.message() +
                              "; choose another port, or end the program that has it");
  }
  const std::uint16_t listening = acceptor.local_endpoint().port();
  const auto inside = std::make_shared<Inside>(std::move(sources), metrics, !address.is_loopback());
  const auto turns = std::make_shared<HttpTurns>(loop.get_executor());
  auto door = std::make_shared<Door>(loop, std::move(acceptor), settings.connectionsMax, settings.deadline, [inside, turns](tcp::socket& socket) {
    return HttpGreeting{.reply = [inside, visitor = HttpVisitor{.source = sourceOf(socket)}](
                                     const HttpRequest& request, const HttpGreeting::Take& take) mutable { take(inside->reply(request, visitor)); },
                        .tls = inside->tls,
                        .turns = turns};
  });
  door->port = listening;
  door->acceptNext();
  base::logInfo("http listening", {{"address", host}, {"port", listening}, {"tls", secrets->tls != nullptr}, {"password", secrets->login.has_value()}});
  inside->use(*secrets);
  return Made{new HttpServer{inside, std::move(door)}};
}

std::uint16_t HttpServer::port() const { return door_->port; }

base::Explained<std::function<void()>> HttpServer::prepare(const HttpSettings& settings) const {
  using Swap = std::function<void()>;
  auto secrets = readSecrets(settings);
  if (!secrets) return base::failed<Swap>(secrets.error());
  return Swap{[inside = inside_, secrets = std::move(*secrets)] { inside->use(secrets); }};
}

void HttpServer::publish(std::string events) { inside_->events->publish(std::move(events)); }

std::size_t HttpServer::listeners() const { return inside_->events->listeners(); }

void HttpServer::endEvents() { inside_->events->end(); }

}  // namespace spheregate::ops
