#include "hubsim/http_server.hpp"

#include <boost/asio/ip/address_v4.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "hubsim/control.hpp"
#include "hubsim/dps/service.hpp"
#include "hubsim/limits.hpp"
#include "hubsim/service.hpp"

namespace spheregate::hubsim {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;

constexpr std::chrono::seconds kIdleTimeout{60};

// One HTTP connection: request, answer, and again while the client wants. Lives as long as an operation is pending.
class HttpConnection : public std::enable_shared_from_this<HttpConnection> {
 public:
  HttpConnection(asio::ip::tcp::socket socket, Hub& hub, Provisioning* provisioning)
      : stream_{std::move(socket)}, hub_{hub}, provisioning_{provisioning} {}

  void readNext() {
    parser_.emplace();
    parser_->body_limit(kControlBodyBytesMax);
    parser_->header_limit(kControlHeaderBytesMax);
    stream_.expires_after(kIdleTimeout);
    http::async_read(stream_, buffer_, *parser_, [self = shared_from_this()](beast::error_code error, std::size_t) {
      if (!error) self->answer();
    });
  }

 private:
  void answer() {
    const auto& request = parser_->get();
    HttpRequest::Headers headers;
    for (const auto& field : request)
      headers.emplace_back(std::string{field.name_string().data(), field.name_string().size()},
                           std::string{field.value().data(), field.value().size()});
    const auto parsed = parseRequest({request.method_string().data(), request.method_string().size()},
                                     {request.target().data(), request.target().size()}, request.body(), std::move(headers));
    if (!parsed) return send({400, "{\"error\":\"broken escape in the target\"}\n"});
    const Reply reply = [self = shared_from_this()](HttpAnswer made) { self->send(std::move(made)); };
    if (answerService(hub_, *parsed, reply)) return;
    if (auto made = provisioning_ ? answerDps(*provisioning_, *parsed) : std::nullopt) return send(*std::move(made));
    send(answerControl(hub_, *parsed));
  }

  void send(HttpAnswer made) {
    const auto& request = parser_->get();
    response_ = {};
    response_.version(request.version());
    response_.result(static_cast<unsigned>(made.status));
    if (!made.json.empty()) response_.set(http::field::content_type, "application/json");
    response_.keep_alive(request.keep_alive());
    response_.body() = std::move(made.json);
    response_.prepare_payload();
    stream_.expires_after(kIdleTimeout);
    http::async_write(stream_, response_, [self = shared_from_this()](beast::error_code error, std::size_t) {
      if (error) return;
      if (self->response_.keep_alive()) return self->readNext();
      beast::error_code ignored;
      self->stream_.socket().shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
    });
  }

  beast::tcp_stream stream_;
  Hub& hub_;
  Provisioning* provisioning_;
  beast::flat_buffer buffer_{kControlBodyBytesMax};
  std::optional<http::request_parser<http::string_body>> parser_;
  http::response<http::string_body> response_;
};

}  // namespace

HttpServer::HttpServer(asio::io_context& loop, std::uint16_t port, Hub& hub, Provisioning* provisioning)
    : acceptor_{loop, {asio::ip::address_v4::loopback(), port}}, hub_{hub}, provisioning_{provisioning} {
  acceptNext();
}

void HttpServer::acceptNext() {
  acceptor_.async_accept([this](boost::system::error_code error, asio::ip::tcp::socket socket) {
    if (error == asio::error::operation_aborted) return;
    if (!error) std::make_shared<HttpConnection>(std::move(socket), hub_, provisioning_)->readNext();
    acceptNext();
  });
}

}  // namespace spheregate::hubsim
