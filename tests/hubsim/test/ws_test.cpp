#include <gtest/gtest.h>

#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/websocket.hpp>
#include <boost/beast/websocket/ssl.hpp>
#include <nlohmann/json.hpp>

#include "running_hub.hpp"
#include "spheregate/mqtt/encoder.hpp"

namespace spheregate::hubsim {
namespace {

namespace http = boost::beast::http;
namespace websocket = boost::beast::websocket;

// A blocking WebSocket client.
class WsClient {
 public:
  explicit WsClient(const RunningHub& hub, const std::string& target = "/$iothub/websocket",
                    const std::string& subprotocol = "mqtt", const Credential* credential = nullptr) {
    if (credential) {
      SSL_CTX_use_certificate(context_.native_handle(), credential->certificate.get());
      SSL_CTX_use_PrivateKey(context_.native_handle(), credential->key.get());
    }
    stream_.emplace(loop_, context_);
    boost::beast::get_lowest_layer(*stream_).connect({asio::ip::address_v4::loopback(), hub.wsPort()});
    stream_->next_layer().handshake(asio::ssl::stream_base::client);
    stream_->set_option(websocket::stream_base::decorator([subprotocol](websocket::request_type& request) {
      if (!subprotocol.empty()) request.set(http::field::sec_websocket_protocol, subprotocol);
    }));
    boost::system::error_code error;
    stream_->handshake(answer, "hub.test", target, error);
    open = !error;
    stream_->binary(true);
  }

  void says(const base::Bytes& bytes) { stream_->write(asio::buffer(bytes)); }
  void saysText(const std::string& text) {
    stream_->text(true);
    stream_->write(asio::buffer(text));
  }
  // One message; empty at the end.
  base::Bytes hears() {
    boost::beast::flat_buffer buffer;
    boost::system::error_code error;
    stream_->read(buffer, error);
    const auto* begin = static_cast<const std::uint8_t*>(buffer.data().data());
    return {begin, begin + buffer.size()};
  }
  // Messages until there are so many bytes.
  base::Bytes hears(std::size_t bytes) {
    base::Bytes heard;
    while (heard.size() < bytes) {
      const base::Bytes more = hears();
      if (more.empty()) break;
      base::append(heard, more);
    }
    return heard;
  }
  void leaves() { stream_->close(websocket::close_code::normal); }

  bool open = false;
  websocket::response_type answer;

 private:
  asio::io_context loop_;
  asio::ssl::context context_{asio::ssl::context::tls_client};
  std::optional<websocket::stream<asio::ssl::stream<Tcp::socket>>> stream_;
};

const base::Bytes kAccepted{0x20, 0x02, 0x00, 0x00};
const base::Bytes kNotAuthorized{0x20, 0x02, 0x00, 0x05};

base::Bytes connectPump() { return connectPacket("pump", {.username = {}, .password = gatewayToken(), .will = {}}); }

TEST(WebSocket, carriesAConversation) {
  RunningHub hub;
  WsClient client{hub};
  ASSERT_TRUE(client.open);
  EXPECT_EQ(client.answer[http::field::sec_websocket_protocol], "mqtt");
  client.says(connectPump());
  EXPECT_EQ(client.hears(), kAccepted);
  client.says(telemetry("pump", 1, "hello"));
  EXPECT_EQ(client.hears(), (base::Bytes{0x40, 2, 0, 1}));
  EXPECT_EQ(hub.control("GET", "/messages")[0]["payload"], "aGVsbG8=");
  client.leaves();
}

TEST(WebSocket, takesPacketsInPiecesAndTogether) {
  RunningHub hub;
  WsClient client{hub};
  base::Bytes all = connectPump();
  base::append(all, telemetry("pump", 1));
  for (const std::uint8_t byte : all) client.says({byte});
  EXPECT_EQ(client.hears(8), (kAccepted + base::Bytes{0x40, 2, 0, 1}));
  client.says(telemetry("pump", 2) + telemetry("pump", 3, std::string(200'000, 'x')) + telemetry("pump", 4));
  EXPECT_EQ(client.hears(12), (base::Bytes{0x40, 2, 0, 2, 0x40, 2, 0, 3, 0x40, 2, 0, 4}));
}

TEST(WebSocket, cutsItsMessagesAsTheRuleSays) {
  RunningHub hub;
  hub.control("PUT", "/rules", R"({"ws_frame_bytes":3})");
  WsClient client{hub};
  client.says(connectPump());
  EXPECT_EQ(client.hears(), (base::Bytes{0x20, 0x02, 0x00}));
  EXPECT_EQ(client.hears(), (base::Bytes{0x00}));
}

TEST(WebSocket, sendsMoreThanAnyBufferHolds) {
  RunningHub hub;
  WsClient client{hub};
  client.says(connectPump() + subscribePacket({"devices/pump/messages/devicebound/#"}));
  EXPECT_EQ(client.hears(9).size(), 9u);
  const std::string body(60'000, 'x');
  for (int i = 0; i < 30; ++i)
    EXPECT_EQ(hub.request("POST", "/devices/pump/messages/deviceBound", body).substr(0, 12), "HTTP/1.1 204");
  EXPECT_GT(client.hears(30 * body.size()).size(), 30 * body.size());
}

TEST(WebSocket, letsACertificateInUnlessItWasNotToBeAskedFor) {
  RunningHub hub;
  const std::string id(128, 'a');
  const Credential credential = makeCredential(id, &hub.ca);
  const base::Bytes connect = connectPacket(id, {.username = {}, .password = "", .will = {}});
  WsClient trusted{hub, "/$iothub/websocket", "mqtt", &credential};
  trusted.says(connect);
  EXPECT_EQ(trusted.hears(), kAccepted);
  WsClient unasked{hub, "/$iothub/websocket?iothub-no-client-cert=true", "mqtt", &credential};
  unasked.says(connect);
  EXPECT_EQ(unasked.hears(), kNotAuthorized);
  EXPECT_EQ(unasked.hears(), base::Bytes{});
}

TEST(WebSocket, refusesOtherPathsAndSubprotocols) {
  RunningHub hub;
  EXPECT_EQ(WsClient(hub, "/mqtt").answer.result(), http::status::not_found);
  EXPECT_EQ(WsClient(hub, "/").answer.result(), http::status::not_found);
  EXPECT_EQ(WsClient(hub, "/$iothub/websocket", "").answer.result(), http::status::bad_request);
  EXPECT_EQ(WsClient(hub, "/$iothub/websocket", "amqp").answer.result(), http::status::bad_request);
  EXPECT_TRUE(WsClient(hub, "/$iothub/websocket", "amqp, mqtt").open);
  Client plain{hub.wsPort()};
  const std::string request = "GET /$iothub/websocket HTTP/1.1\r\nHost: hub\r\n\r\n";
  plain.says({request.begin(), request.end()});
  const base::Bytes answer = plain.hears(12);
  EXPECT_EQ((std::string{answer.begin(), answer.end()}), "HTTP/1.1 426");
  Client novel{hub.wsPort()};
  novel.says(base::Bytes(20'000, 'x'));
  EXPECT_TRUE(novel.hearsTheEnd());
  EXPECT_GE(hub.control("GET", "/stats")["handshakes_failed"], 6);
}

TEST(WebSocket, closesOnTextAndOnWhatIsNoMqtt) {
  RunningHub hub;
  WsClient text{hub};
  text.saysText("hello");
  EXPECT_EQ(text.hears(), base::Bytes{});
  WsClient noise{hub};
  noise.says(base::Bytes(100, 0xff));
  EXPECT_EQ(noise.hears(), base::Bytes{});
  WsClient good{hub};
  good.says(connectPump());
  EXPECT_EQ(good.hears(), kAccepted);
}

TEST(WebSocket, goesAwayDuringAnOutage) {
  RunningHub hub;
  WsClient client{hub};
  client.says(connectPump());
  EXPECT_EQ(client.hears(), kAccepted);
  hub.control("PUT", "/faults", R"({"outage":true})");
  EXPECT_EQ(client.hears(), base::Bytes{});
  EXPECT_THROW(WsClient{hub}, boost::system::system_error);
}

TEST(WebSocket, forgetsAClientThatGoesWithoutAWord) {
  RunningHub hub;
  {
    WsClient client{hub};
    client.says(connectPump());
    EXPECT_EQ(client.hears(), kAccepted);
  }
  for (int i = 0; i < 200 && hub.control("GET", "/stats")["connections"] != 0; ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds{10});
  EXPECT_EQ(hub.control("GET", "/stats")["connections"], 0);
}

}  // namespace
}  // namespace spheregate::hubsim
