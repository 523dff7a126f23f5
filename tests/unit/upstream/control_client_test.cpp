#include "spheregate/upstream/control_client.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>
#include <chrono>
#include <random>
#include <thread>
#include <vector>

#include "live_hub.hpp"

namespace spheregate::upstream::test {
namespace {

using namespace std::chrono_literals;
using Tcp = boost::asio::ip::tcp;
using testing::HasSubstr;
using testing::IsEmpty;

struct Ear final : ControlUser {
  void controlUp() override { ++ups; }
  void controlDown(std::string_view reason, int refusal) override {
    downs.emplace_back(reason);
    refusals.push_back(refusal);
    if (onDown) onDown();
  }
  void controlAcknowledged(std::uint64_t token) override { acknowledged.push_back(token); }
  void controlMessage(const ControlMessage& message) override { messages.push_back(message); }

  int ups = 0;
  std::vector<std::string> downs;
  std::vector<int> refusals;
  std::vector<std::uint64_t> acknowledged;
  std::vector<ControlMessage> messages;
  std::function<void()> onDown;
};

// The core thread is the test's.
class PahoClients : public testing::Test {
 protected:
  template <class Met>
  bool until(Met met, std::chrono::seconds patience = 20s) {
    const auto end = std::chrono::steady_clock::now() + patience;
    while (!met() && std::chrono::steady_clock::now() < end) {
      loop.run_one_for(5ms);
      loop.poll();
    }
    return met();
  }
  void connect() { connect(hub.address(), hub.login()); }
  void connect(const ControlAddress& address, const ControlLogin& login) { client->connect(address, login, 60s, 3s); }
  void bringUp() {
    connect();
    ASSERT_TRUE(until([&] { return ear.ups == 1; })) << testing::PrintToString(ear.downs);
  }
  bool untilDown() {
    return until([&] { return !ear.downs.empty(); });
  }

  LiveHub hub;
  boost::asio::io_context loop;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> busy = boost::asio::make_work_guard(loop);
  std::unique_ptr<ControlClients> clients =
      makePahoClients([this](std::function<void()> job) { boost::asio::post(loop, std::move(job)); });
  Ear ear;
  std::unique_ptr<ControlClient> client = clients->make(ear);
};

TEST_F(PahoClients, publishesTenThousandMessagesInOrder) {
  bringUp();
  constexpr std::uint64_t kMessages = 10'000;
  constexpr std::size_t kWindow = 500;
  const auto began = std::chrono::steady_clock::now();
  std::uint64_t sent = 0;
  ASSERT_TRUE(until([&] {
    while (sent < kMessages && sent - ear.acknowledged.size() < kWindow) {
      const std::string text = std::to_string(sent);
      if (!client->publish("devices/gateway/messages/events/n=" + text, {text.begin(), text.end()}, 1, false, sent)) break;
      ++sent;
    }
    return ear.acknowledged.size() == kMessages;
  }, 60s)) << ear.acknowledged.size() << testing::PrintToString(ear.downs);
  const auto took = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  RecordProperty("messages_per_second", static_cast<int>(kMessages / took));
  for (std::uint64_t i = 0; i < kMessages; ++i) ASSERT_EQ(ear.acknowledged[i], i);
  hub.ask([&](hubsim::Hub& h) {
    ASSERT_EQ(h.archive().size(), kMessages);
    for (std::uint64_t i = 0; i < kMessages; ++i) ASSERT_EQ(base::asText(h.archive().at(i).payload), std::to_string(i));
  });
  EXPECT_THAT(ear.downs, IsEmpty());
}

TEST_F(PahoClients, sayTheCodeOfARefusedConnectOnceAndTryNoOlderProtocol) {
  ControlLogin login = hub.login();
  login.password += "x";
  connect(hub.address(), login);
  ASSERT_TRUE(untilDown());
  EXPECT_EQ(ear.refusals, std::vector{5});
  EXPECT_THAT(ear.downs[0], HasSubstr("code 5"));
  hub.fault(R"({"refuse_connack": 3})");
  connect();
  ASSERT_TRUE(until([&] { return ear.downs.size() == 2; }));
  EXPECT_EQ(ear.refusals[1], 3);
  EXPECT_EQ(ear.ups, 0);
  hub.ask([](hubsim::Hub& h) {
    std::uint64_t refused = 0;
    for (const auto& [reason, count] : h.statistics().connectsRefused) refused += count;
    EXPECT_EQ(refused, 2u);
  });
}

TEST_F(PahoClients, logInWithACertificate) {
  connect(hub.address(), hub.certificateLogin());
  EXPECT_TRUE(until([&] { return ear.ups == 1; })) << testing::PrintToString(ear.downs);
}

TEST_F(PahoClients, explainAServerThatCannotBeReached) {
  ControlAddress address = hub.address();
  address.port = 1;
  connect(address, hub.login());
  ASSERT_TRUE(untilDown());
  EXPECT_EQ(ear.refusals, std::vector{0});
  EXPECT_THAT(ear.downs[0], HasSubstr("cannot be reached"));
}

TEST_F(PahoClients, trustOnlyTheAuthorityAndTheNameTheyWereGiven) {
  ControlAddress stranger = hub.address();
  stranger.ca = hub.strangeCa();
  connect(stranger, hub.login());
  ASSERT_TRUE(untilDown());
  EXPECT_THAT(ear.downs[0], HasSubstr("trusted authority"));

  ControlAddress system = hub.address();
  system.ca.clear();
  connect(system, hub.login());
  ASSERT_TRUE(until([&] { return ear.downs.size() == 2; }));
  EXPECT_THAT(ear.downs[1], HasSubstr("trusted authority"));

  ControlAddress misnamed = hub.address();
  misnamed.host = "127.0.0.1";
  connect(misnamed, hub.login());
  ASSERT_TRUE(until([&] { return ear.downs.size() == 3; }));
  EXPECT_THAT(ear.downs[2], HasSubstr("not for this name"));
  EXPECT_EQ(ear.ups, 0);
}

TEST_F(PahoClients, keepAMessageBeforeTheyAcknowledgeIt) {
  std::atomic<int> completedBefore{-1};
  std::promise<void> entered;
  std::promise<void> go;
  client = clients->make(ear, [&, first = true](const ControlMessage& message) mutable {
    if (!std::exchange(first, false)) return;
    EXPECT_EQ(base::asText(message.payload), "open");
    entered.set_value();
    go.get_future().wait();
  });
  bringUp();
  client->subscribe("devices/gateway/messages/devicebound/#", 1);
  hub.sendToGateway("open");
  entered.get_future().wait();
  hub.ask([&](hubsim::Hub& h) { completedBefore = static_cast<int>(h.statistics().cloudCompleted); });
  EXPECT_EQ(completedBefore, 0);
  go.set_value();
  ASSERT_TRUE(until([&] { return ear.messages.size() == 1; }));
  EXPECT_THAT(ear.messages[0].topic, HasSubstr("devices/gateway/messages/devicebound/"));
  EXPECT_EQ(ear.messages[0].qos, 1);
  EXPECT_TRUE(until([&] { return hub.ask([](hubsim::Hub& h) { return h.statistics().cloudCompleted; }) == 1; }));
}

TEST_F(PahoClients, speakThroughAWebSocket) {
  connect(hub.webSocketAddress(), hub.login());
  ASSERT_TRUE(until([&] { return ear.ups == 1; })) << testing::PrintToString(ear.downs);
  const std::string large(100'000, 'x');
  client->publish("devices/gateway/messages/events/", {large.begin(), large.end()}, 1, false, 1);
  client->subscribe("devices/gateway/messages/devicebound/#", 1);
  hub.sendToGateway("open");
  EXPECT_TRUE(until([&] { return ear.acknowledged.size() == 1 && ear.messages.size() == 1; }));
  hub.ask([&](hubsim::Hub& h) { EXPECT_EQ(base::asText(h.archive().at(0).payload), large); });
}

// A proxy that knows CONNECT and nothing else, for one connection.
struct Proxy {
  Proxy() : thread{[this] { serve(); }} {}
  ~Proxy() { thread.join(); }

  void serve() {
    Tcp::socket inside = acceptor.accept();
    boost::asio::read_until(inside, boost::asio::dynamic_buffer(request), "\r\n\r\n");
    const std::string place = request.substr(8, request.find(' ', 8) - 8);
    Tcp::socket outside{loop};
    boost::system::error_code failed;
    outside.connect({boost::asio::ip::address_v4::loopback(),
                     static_cast<std::uint16_t>(std::stoi(place.substr(place.find(':') + 1)))}, failed);
    boost::asio::write(inside, boost::asio::buffer(std::string{"HTTP/1.1 200 Connection established\r\n\r\n"}));
    std::thread back{[&] { pump(outside, inside); }};
    pump(inside, outside);
    back.join();
  }
  static void pump(Tcp::socket& from, Tcp::socket& to) {
    std::array<char, 4096> buffer;
    boost::system::error_code failed;
    while (!failed) {
      const std::size_t bytes = from.read_some(boost::asio::buffer(buffer), failed);
      if (bytes > 0) boost::asio::write(to, boost::asio::buffer(buffer, bytes), failed);
    }
    to.shutdown(Tcp::socket::shutdown_both, failed);
  }

  boost::asio::io_context loop;
  Tcp::acceptor acceptor{loop, {boost::asio::ip::address_v4::loopback(), 0}};
  std::string request;
  std::thread thread;
};

TEST_F(PahoClients, goThroughAProxy) {
  Proxy proxy;
  ControlAddress address = hub.address();
  address.proxy = "http://127.0.0.1:" + std::to_string(proxy.acceptor.local_endpoint().port());
  address.proxyUser = "plant";
  address.proxyPassword = "p@ss:w/rd";
  connect(address, hub.login());
  ASSERT_TRUE(until([&] { return ear.ups == 1; })) << testing::PrintToString(ear.downs);
  EXPECT_THAT(proxy.request, HasSubstr("CONNECT localhost:" + std::to_string(address.port) + " HTTP/1.1"));
  EXPECT_THAT(proxy.request, HasSubstr("Basic cGxhbnQ6cEBzczp3L3Jk"));
  client->disconnect();
}

TEST_F(PahoClients, takeARefusedSubscriptionForTheEnd) {
  bringUp();
  client->subscribe("devices/somebody-else/messages/devicebound/#", 1);
  ASSERT_TRUE(untilDown());
  EXPECT_THAT(ear.downs[0], HasSubstr("refused a subscription"));
}

TEST_F(PahoClients, noticeThatTheServerIsGoneAndComeBack) {
  bringUp();
  hub.fault(R"({"outage": true})");
  ASSERT_TRUE(untilDown());
  EXPECT_EQ(ear.downs.size(), 1u);
  hub.fault("{}");
  connect();
  ASSERT_TRUE(until([&] { return ear.ups == 2; }));
  EXPECT_TRUE(client->publish("devices/gateway/messages/events/", {}, 1, false, 7));
  EXPECT_TRUE(until([&] { return !ear.acknowledged.empty(); }));
}

TEST_F(PahoClients, sayNothingAfterDisconnect) {
  bringUp();
  for (std::uint64_t i = 0; i < 100; ++i) client->publish("devices/gateway/messages/events/", {}, 1, false, i);
  client->disconnect();
  until([] { return false; }, 1s);
  EXPECT_THAT(ear.downs, IsEmpty());
  EXPECT_THAT(ear.acknowledged, IsEmpty());
  hub.ask([](hubsim::Hub& h) { EXPECT_EQ(h.connected(), 0u); });
}

TEST_F(PahoClients, takeNoMoreThanTheyMayHold) {
  bringUp();
  hub.fault(R"({"puback_loss": 1.0})");
  std::uint64_t taken = 0;
  while (taken < 100'000 && client->publish("devices/gateway/messages/events/", {}, 1, false, taken)) ++taken;
  EXPECT_EQ(taken, 8'192u);
  EXPECT_THAT(ear.downs, IsEmpty());
}

TEST_F(PahoClients, mayBeDestroyedInsideTheirOwnCall) {
  hub.fault(R"({"outage": true})");
  ear.onDown = [&] { client.reset(); };
  connect();
  ASSERT_TRUE(untilDown());
  EXPECT_EQ(client, nullptr);
}

// Whatever Paho is doing: resolving, shaking hands, publishing, calling back.
TEST_F(PahoClients, mayGoAtAnyMoment) {
  std::mt19937 random{7};
  for (int round = 0; round < 60; ++round) {
    Ear mine;
    auto one = clients->make(mine, [](const ControlMessage&) {});
    one->connect(hub.address(), hub.login(), 60s, 3s);
    one->subscribe("devices/gateway/messages/devicebound/#", 1);
    hub.sendToGateway("x");
    for (std::uint64_t i = 0; i < 50; ++i) one->publish("devices/gateway/messages/events/", {}, 1, false, i);
    const auto life = std::chrono::milliseconds{std::uniform_int_distribution<int>{0, 60}(random)};
    const auto end = std::chrono::steady_clock::now() + life;
    until([&] { return std::chrono::steady_clock::now() >= end; });
    if (round % 3 == 0) one->disconnect();
  }
  // Not only the clients: everything.
  client.reset();
  clients.reset();
  until([] { return false; }, 1s);
}

}  // namespace
}  // namespace spheregate::upstream::test
