#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/write.hpp>
#include <nlohmann/json.hpp>
#include <optional>
#include <thread>

#include "certificates.hpp"
#include "hubsim/http_server.hpp"
#include "hubsim/hub.hpp"
#include "hubsim/mqtt_server.hpp"
#include "hubsim/timer_driver.hpp"
#include "hubsim/tls_context.hpp"
#include "site.hpp"
#include "spheregate/hub/sas.hpp"
#include "spheregate/mqtt/encoder.hpp"

namespace spheregate::hubsim {
namespace {

namespace asio = boost::asio;
using Tcp = asio::ip::tcp;
using Json = nlohmann::json;

Registry openRegistry() {
  return *parseRegistry(
      "{hub: hub.test, accept_unknown_devices: true, policies: [{name: gateway, key: " + std::string{Site::kGatewayKey} + "}]}",
      "r");
}

std::string gatewayToken() {
  return hub::makeSasToken(*hub::SharedAccessKey::fromBase64(Site::kGatewayKey), "hub.test", 4'000'000'000, "gateway");
}

// The whole program less main, on a thread of its own.
class RunningHub {
 public:
  RunningHub()
      : ca{makeCredential("plant ca")},
        tls_{openTls()},
        hub_{openRegistry(), 100'000, timers_},
        mqtt_{loop_, {asio::ip::address_v4::loopback(), 0}, tls_, hub_},
        http_{loop_, 0, hub_},
        thread_{[this] { loop_.run(); }} {}

  ~RunningHub() {
    loop_.stop();
    thread_.join();
  }

  std::uint16_t port() const { return mqtt_.port(); }

  Json control(const std::string& method, const std::string& target, const std::string& body = "") const {
    const std::string answer = request(method, target, body);
    return Json::parse(answer.substr(answer.find("\r\n\r\n")));
  }

  // The whole answer; `headers` end with a line break each.
  std::string request(const std::string& method, const std::string& target, const std::string& body,
                      const std::string& headers = "") const {
    asio::io_context loop;
    Tcp::socket socket{loop};
    socket.connect({asio::ip::address_v4::loopback(), http_.port()});
    asio::write(socket, asio::buffer(method + " " + target + " HTTP/1.1\r\nHost: hub\r\n" + headers +
                                     "Connection: close\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body));
    std::string answer;
    boost::system::error_code end;
    asio::read(socket, asio::dynamic_buffer(answer), end);
    return answer;
  }

  Credential ca;

 private:
  TlsContext openTls() {
    const Credential server = makeCredential("hub.test");
    return *TlsContext::open({.certificate = files_.writeCertificate("hub.pem", server),
                              .key = files_.writeKey("hub.key", server),
                              .clientCa = files_.writeCertificate("ca.pem", ca)});
  }

  TemporaryDirectory files_;
  base::SystemClock clock_;
  base::Timers timers_{clock_};
  asio::io_context loop_{1};
  TimerDriver driver_{loop_, timers_};
  TlsContext tls_;
  Hub hub_;
  MqttServer mqtt_;
  HttpServer http_;
  std::thread thread_;
};

// A blocking TLS client.
class Client {
 public:
  Client(const RunningHub& hub, const Credential* credential = nullptr, int tlsVersion = TLS1_3_VERSION) {
    SSL_CTX_set_max_proto_version(context_.native_handle(), tlsVersion);
    if (credential) {
      SSL_CTX_use_certificate(context_.native_handle(), credential->certificate.get());
      SSL_CTX_use_PrivateKey(context_.native_handle(), credential->key.get());
    }
    stream_.emplace(loop_, context_);
    stream_->next_layer().connect({asio::ip::address_v4::loopback(), hub.port()});
    stream_->handshake(asio::ssl::stream_base::client);
  }

  void says(const base::Bytes& bytes) { asio::write(*stream_, asio::buffer(bytes)); }

  base::Bytes hears(std::size_t bytes) {
    base::Bytes heard(bytes);
    boost::system::error_code error;
    heard.resize(asio::read(*stream_, asio::buffer(heard), error));
    return heard;
  }

  bool hearsTheEnd() { return hears(1).empty(); }

 private:
  asio::io_context loop_;
  asio::ssl::context context_{asio::ssl::context::tls_client};
  std::optional<asio::ssl::stream<Tcp::socket>> stream_;
};

const base::Bytes kAccepted{0x20, 0x02, 0x00, 0x00};
const base::Bytes kNotAuthorized{0x20, 0x02, 0x00, 0x05};

TEST(Server, takesTelemetryOverTlsAndShowsItOverHttp) {
  RunningHub hub;
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    Client client{hub, nullptr, version};
    // All in one go, as a client may that does not wait for the CONNACK.
    client.says(connectPacket("pump", {.username = {}, .password = gatewayToken(), .will = {}}) +
                telemetry("pump", 1, "hello", "unit=%C2%B0C") + telemetry("pump", 2));
    EXPECT_EQ(client.hears(4), kAccepted);
    EXPECT_EQ(client.hears(8), (base::Bytes{0x40, 2, 0, 1, 0x40, 2, 0, 2}));
  }
  const Json messages = hub.control("GET", "/messages?device=pump");
  ASSERT_EQ(messages.size(), 4u);
  EXPECT_EQ(messages[2]["payload"], "aGVsbG8=");
  EXPECT_EQ(messages[2]["properties"][0][1], "°C");
}

TEST(Server, takesAnswersAndMessagesLargerThanEveryBuffer) {
  RunningHub hub;
  Client client{hub};
  base::Bytes many = connectPacket("pump", {.username = {}, .password = gatewayToken(), .will = {}});
  for (mqtt::PacketId id = 1; id <= 20; ++id) base::append(many, telemetry("pump", id, std::string(250'000, 'x')));
  client.says(many);
  EXPECT_EQ(client.hears(4), kAccepted);
  EXPECT_EQ(client.hears(80).size(), 80u);
  EXPECT_EQ(hub.control("GET", "/stats")["payload_bytes"], 5'000'000);
}

TEST(Server, letsACertificateOfItsCaInAndNoOther) {
  RunningHub hub;
  const std::string id(128, 'a');
  const Credential good = makeCredential(id, &hub.ca);
  const Credential otherCa = makeCredential("other ca");
  const Credential wrong = makeCredential(id, &otherCa);
  const base::Bytes connect = connectPacket(id, {.username = {}, .password = "", .will = {}});
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    Client trusted{hub, &good, version};
    trusted.says(connect);
    EXPECT_EQ(trusted.hears(4), kAccepted);
    Client untrusted{hub, &wrong, version};
    untrusted.says(connect);
    EXPECT_EQ(untrusted.hears(4), kNotAuthorized);
    EXPECT_TRUE(untrusted.hearsTheEnd());
    Client without{hub, nullptr, version};
    without.says(connect);
    EXPECT_EQ(without.hears(4), kNotAuthorized);
  }
  const Json stats = hub.control("GET", "/stats");
  EXPECT_EQ(stats["connects_refused"]["untrusted_certificate"], 2);
  EXPECT_EQ(stats["connects_refused"]["no_credentials"], 2);
}

TEST(Server, carriesTwinsMessagesAndMethodsBetweenHttpAndMqtt) {
  RunningHub hub;
  Client client{hub};
  const std::string topic = "devices/pump/messages/devicebound/%24.to=%2Fdevices%2Fpump%2Fmessages%2Fdevicebound&Unit=bar";
  client.says(connectPacket("pump", {.username = {}, .password = gatewayToken(), .will = {}}) +
              subscribePacket({"devices/pump/messages/devicebound/#", "$iothub/methods/POST/#"}));
  EXPECT_EQ(client.hears(4 + 6).size(), 10u);
  EXPECT_EQ(hub.request("POST", "/devices/pump/messages/deviceBound", "x", "iothub-app-Unit: bar\r\n").substr(0, 12),
            "HTTP/1.1 204");
  const base::Bytes message = publishPacket(topic, "x", 1);
  EXPECT_EQ(client.hears(message.size()), message);
  std::thread device{[&] {
    const base::Bytes request = publishPacket("$iothub/methods/POST/m/?$rid=1", "[1]", 0, 0);
    EXPECT_EQ(client.hears(request.size()), request);
    client.says(publishPacket("$iothub/methods/res/201/?$rid=1", "{}", 0, 0));
  }};
  const Json answer = hub.control("POST", "/twins/pump/methods", R"({"methodName":"m","payload":[1]})");
  device.join();
  EXPECT_EQ(answer["status"], 201);
  EXPECT_EQ(hub.control("PATCH", "/twins/pump", R"({"tags":{"a":1}})")["tags"]["a"], 1);
}

TEST(Server, goesAwayDuringAnOutageAndComesBack) {
  RunningHub hub;
  Client client{hub};
  client.says(connectPacket("pump", {.username = {}, .password = gatewayToken(), .will = {}}));
  EXPECT_EQ(client.hears(4), kAccepted);
  EXPECT_EQ(hub.control("PUT", "/faults", R"({"outage":true})")["outage"], true);
  EXPECT_TRUE(client.hearsTheEnd());
  EXPECT_THROW(Client{hub}, boost::system::system_error);
  hub.control("PUT", "/faults", R"({"outage":false})");
  EXPECT_NO_THROW(Client{hub});
}

TEST(Server, survivesBytesThatAreNotTls) {
  RunningHub hub;
  asio::io_context loop;
  Tcp::socket socket{loop};
  socket.connect({asio::ip::address_v4::loopback(), hub.port()});
  asio::write(socket, asio::buffer(std::string{"GET / HTTP/1.1\r\n\r\n"}));
  std::string answer;
  boost::system::error_code end;
  asio::read(socket, asio::dynamic_buffer(answer), end);
  EXPECT_EQ(hub.control("GET", "/stats")["handshakes_failed"], 1);
  EXPECT_NO_THROW(Client{hub});
}

TEST(Server, saysWhichFileIsWrong) {
  const TemporaryDirectory files;
  const Credential one = makeCredential("one");
  const Credential two = makeCredential("two");
  const std::string certificate = files.writeCertificate("one.pem", one);
  const std::string otherKey = files.writeKey("two.key", two);
  EXPECT_TRUE(TlsContext::open({certificate, files.writeKey("one.key", one), ""}).has_value());
  EXPECT_EQ(TlsContext::open({"/nowhere.pem", otherKey, ""}).error().rfind("/nowhere.pem: ", 0), 0u);
  EXPECT_EQ(TlsContext::open({certificate, otherKey, ""}).error().rfind(otherKey + ": ", 0), 0u);
  EXPECT_EQ(TlsContext::open({certificate, files.path("one.key"), "/no-ca.pem"}).error().rfind("/no-ca.pem: ", 0), 0u);
}

}  // namespace
}  // namespace spheregate::hubsim
