#include "spheregate/ops/http_server.hpp"

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <utility>

#include "http_door.hpp"
#include "spheregate/base/log.hpp"

namespace spheregate::ops {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using ErrorCode = boost::system::error_code;

constexpr int kBacklog = 64;

ErrorCode listen(tcp::acceptor& acceptor, const tcp::endpoint& endpoint) {
  ErrorCode error;
  acceptor.open(endpoint.protocol(), error);
  if (!error) acceptor.set_option(tcp::acceptor::reuse_address{true}, error);
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(kBacklog, error);
  return error;
}

}  // namespace

class HttpServer::Door : public HttpDoor<tcp> {
 public:
  using HttpDoor<tcp>::HttpDoor;
};

HttpServer::HttpServer(std::shared_ptr<Door> door, std::uint16_t port) : door_{std::move(door)}, port_{port} {}

HttpServer::~HttpServer() { door_->close(); }

base::Explained<std::unique_ptr<HttpServer>> HttpServer::open(asio::io_context& loop, const HttpSettings& settings,
                                                              HttpSources sources) {
  using Made = std::unique_ptr<HttpServer>;
  ErrorCode error;
  const auto address = asio::ip::make_address(settings.address, error);
  if (error) return base::failed<Made>("http.listen: " + settings.address + " is not an IP address; write it as 127.0.0.1:9464");
  tcp::acceptor acceptor{loop};
  error = listen(acceptor, {address, settings.port});
  if (error) {
    return base::failed<Made>("http.listen: cannot listen on " + settings.address + " port " + std::to_string(settings.port) +
                              ": " + error.message() + "; choose another port, or end the program that has it");
  }
  const std::uint16_t port = acceptor.local_endpoint().port();
  const auto known = std::make_shared<const HttpSources>(std::move(sources));
  auto door = std::make_shared<Door>(loop, std::move(acceptor), settings.connectionsMax, settings.deadline, [known](tcp::socket&) {
    return [known](const HttpRequest& request, const HttpConnection::Reply& reply) { reply(answerTo(request, *known)); };
  });
  door->acceptNext();
  base::logInfo("http listening", {{"address", settings.address}, {"port", port}});
  if (!address.is_loopback()) {
    base::logWarn("http open to the network", {{"address", settings.address},
                                               {"reason", "there is no password, and /status names every device"},
                                               {"fix", "listen on 127.0.0.1 or [::1], or let a firewall choose who may ask"}});
  }
  return Made{new HttpServer{std::move(door), port}};
}

}  // namespace spheregate::ops
