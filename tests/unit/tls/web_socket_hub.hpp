#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>
#include <boost/beast/websocket.hpp>
#include <boost/beast/websocket/ssl.hpp>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include "unit/tls/hub_side.hpp"

namespace spheregate::tls::test {

// A hub that speaks WebSocket over TLS, made of Asio and Beast with blocking calls, so that it shares nothing with what is
// tested.
class WebSocketHub {
 public:
  using Tcp = boost::asio::ip::tcp;
  using Stream = boost::beast::websocket::stream<boost::beast::ssl_stream<Tcp::socket>>;
  using Request = boost::beast::http::request<boost::beast::http::string_body>;

  explicit WebSocketHub(const Identity& identity) {
    SSL_CTX_use_certificate(context_.native_handle(), identity.certificate.get());
    SSL_CTX_use_PrivateKey(context_.native_handle(), identity.key.get());
  }

  std::uint16_t port() const { return acceptor_.local_endpoint().port(); }

  // TCP and TLS, then the request for the upgrade.
  void welcome() {
    stream = std::make_unique<Stream>(acceptor_.accept(), context_);
    tcp().set_option(Tcp::no_delay{true});
    stream->next_layer().handshake(boost::asio::ssl::stream_base::server);
    boost::beast::flat_buffer buffer;
    boost::beast::http::read(stream->next_layer(), buffer, request);
  }
  void accept(const std::string& subProtocol = "mqtt") {
    stream->set_option(boost::beast::websocket::stream_base::decorator([&](boost::beast::websocket::response_type& answer) {
      if (!subProtocol.empty()) answer.set(boost::beast::http::field::sec_websocket_protocol, subProtocol);
    }));
    stream->binary(true);
    stream->read_message_max(0);
    stream->accept(request);
  }
  // Instead of accepting: whatever it is, and then the end when it is to end.
  void answer(std::string_view text, bool ends = false) {
    boost::asio::write(stream->next_layer(), boost::asio::buffer(text));
    if (ends) stream->next_layer().next_layer().close();
  }

  void say(std::string_view text) { stream->write(boost::asio::buffer(text)); }
  // One message; at the end its reason: `closed 1000`, or an error.
  std::string hear() {
    boost::beast::flat_buffer buffer;
    boost::system::error_code error;
    stream->read(buffer, error);
    if (error == boost::beast::websocket::error::closed) return "closed " + std::to_string(stream->reason().code);
    return error ? error.message() : boost::beast::buffers_to_string(buffer.data());
  }
  std::string hearBytes(std::size_t size) {
    boost::beast::flat_buffer buffer;
    while (buffer.size() < size) stream->read(buffer);
    return boost::beast::buffers_to_string(buffer.data());
  }
  Tcp::socket& tcp() { return stream->next_layer().next_layer(); }

  Request request;

 private:
  boost::asio::io_context loop_;
  Tcp::acceptor acceptor_{loop_, Tcp::endpoint{boost::asio::ip::address_v4::loopback(), 0}};
  boost::asio::ssl::context context_{boost::asio::ssl::context::tls_server};

 public:
  std::unique_ptr<Stream> stream;
};

// Connectors that want WebSocket, and a hub that has it.
class WebSocketTest : public HubSideTest {
 protected:
  WebSocketTest() {
    settings.port = peer.port();
    settings.transport = Transport::webSocket;
  }
  // Connects while the hub does this on a thread of its own.
  template <class Play>
  base::Explained<Wire> connectTo(Play play) {
    std::thread server{[&] {
      try {
        play();
      } catch (const std::exception& error) {
        failure = error.what();
      }
    }};
    auto result = connectAlone();
    server.join();
    return result;
  }
  void upgrade() {
    auto result = connectTo([this] {
      peer.welcome();
      peer.accept();
    });
    ASSERT_TRUE(result) << result.error() << " " << failure;
    wire = std::move(*result);
    wire->attach(notebook);
  }
  base::Explained<Wire> answered(const std::string& answer, bool ends = false) {
    return connectTo([&] {
      peer.welcome();
      peer.answer(answer, ends);
    });
  }
  void say(std::string_view text) {
    base::append(wire->outbox(), text);
    wire->flush();
  }
  void turnFor(int milliseconds) {
    loop.restart();
    loop.run_for(std::chrono::milliseconds{milliseconds});
  }
  bool turnUntil(const std::function<bool()>& condition) { return test::turnUntil(loop, condition); }
  std::string hubHears() {
    return test::beside(loop, [this] { return peer.hear(); });
  }

  WebSocketHub peer{Gateway::server()};
  Notebook notebook;
  Wire wire;
  std::string failure;
};

}  // namespace spheregate::tls::test
