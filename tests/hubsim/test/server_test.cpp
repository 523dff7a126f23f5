#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <thread>

#include "running_hub.hpp"
#include "spheregate/mqtt/encoder.hpp"

namespace spheregate::hubsim {
namespace {

const base::Bytes kAccepted{0x20, 0x02, 0x00, 0x00};
const base::Bytes kNotAuthorized{0x20, 0x02, 0x00, 0x05};

TEST(Server, takesTelemetryOverTlsAndShowsItOverHttp) {
  RunningHub hub;
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    Client client{hub.port(), nullptr, version};
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
  Client client{hub.port()};
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
    Client trusted{hub.port(), &good, version};
    trusted.says(connect);
    EXPECT_EQ(trusted.hears(4), kAccepted);
    Client untrusted{hub.port(), &wrong, version};
    untrusted.says(connect);
    EXPECT_EQ(untrusted.hears(4), kNotAuthorized);
    EXPECT_TRUE(untrusted.hearsTheEnd());
    Client without{hub.port(), nullptr, version};
    without.says(connect);
    EXPECT_EQ(without.hears(4), kNotAuthorized);
  }
  const Json stats = hub.control("GET", "/stats");
  EXPECT_EQ(stats["connects_refused"]["untrusted_certificate"], 2);
  EXPECT_EQ(stats["connects_refused"]["no_credentials"], 2);
}

TEST(Server, carriesTwinsMessagesAndMethodsBetweenHttpAndMqtt) {
  RunningHub hub;
  Client client{hub.port()};
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

TEST(Server, provisionsADeviceByItsCertificate) {
  RunningHub hub;
  const std::string id(128, 'a');
  const Credential credential = makeCredential(id, &hub.ca);
  const base::Bytes answers = subscribePacket({"$dps/registrations/res/#"});
  Client dps{hub.dpsPort(), &credential};
  dps.says(connectPacket(id, {.username = "0ne1/registrations/" + id + "/api-version=2019-03-31", .password = "", .will = {}}) +
           answers);
  EXPECT_EQ(dps.hears(4), kAccepted);
  EXPECT_EQ(dps.hears(5).size(), 5u);
  hub.control("PUT", "/rules", R"({"dps_assign_polls":0})");
  dps.says(publishPacket("$dps/registrations/PUT/iotdps-register/?$rid=1", R"({"registrationId":")" + id + R"("})", 1));
  EXPECT_EQ(dps.hears(4), (base::Bytes{0x40, 2, 0, 1}));
  const Json shown = hub.control("GET", "/dps")["registrations"][0];
  EXPECT_EQ(shown["status"], "assigned");
  EXPECT_EQ(shown["device"], id);
  EXPECT_EQ(hub.control("GET", "/devices/" + id)["authentication"]["type"], "certificateAuthority");
  hub.control("PUT", "/faults", R"({"dps_outage":true})");
  EXPECT_THROW(Client{hub.dpsPort()}, boost::system::system_error);
  EXPECT_NO_THROW(Client{hub.port()});
}

TEST(Server, goesAwayDuringAnOutageAndComesBack) {
  RunningHub hub;
  Client client{hub.port()};
  client.says(connectPacket("pump", {.username = {}, .password = gatewayToken(), .will = {}}));
  EXPECT_EQ(client.hears(4), kAccepted);
  EXPECT_EQ(hub.control("PUT", "/faults", R"({"outage":true})")["outage"], true);
  EXPECT_TRUE(client.hearsTheEnd());
  EXPECT_THROW(Client{hub.port()}, boost::system::system_error);
  hub.control("PUT", "/faults", R"({"outage":false})");
  EXPECT_NO_THROW(Client{hub.port()});
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
  EXPECT_NO_THROW(Client{hub.port()});
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
