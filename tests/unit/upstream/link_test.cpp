#include "unit/upstream/link_fixture.hpp"

namespace spheregate::upstream {
namespace {

TEST_F(LinkTest, logsInAsTheDeviceWithItsOwnQuery) {
  link.open("api-version=2020-09-30&model-id=dtmi%3Ax%3B1");
  test::WireView& view = reach();
  mqtt::Frame frame;
  ASSERT_TRUE(mqtt::nextFrame(view.sent, 1 << 20, frame));
  const auto connect = mqtt::parseConnect(frame);
  ASSERT_TRUE(connect);
  EXPECT_EQ(connect->clientId, "dev");
  EXPECT_EQ(*connect->username, "contoso.azure-devices.net/dev/?api-version=2020-09-30&model-id=dtmi%3Ax%3B1");
  EXPECT_EQ(base::asText(*connect->password), "token");
  EXPECT_FALSE(link.up());
  says(view, connack());
  EXPECT_TRUE(link.up());
  EXPECT_EQ(user.ups, 1);
}

TEST_F(LinkTest, publishesTheTopicAndPayloadByteForByteAndReportsThePuback) {
  link.open({});
  test::WireView& view = comeUp();
  publish(42);
  mqtt::Frame frame;
  ASSERT_TRUE(mqtt::nextFrame(view.sent, 1 << 20, frame));
  const auto packet = mqtt::parsePublish(frame);
  ASSERT_TRUE(packet);
  EXPECT_EQ(packet->topic, "devices/dev/messages/events/k=v");
  EXPECT_EQ(base::asText(packet->payload), "payload");
  EXPECT_EQ(packet->qos, 1);
  says(view, puback(packet->packetId));
  EXPECT_EQ(user.acknowledged, (std::vector<std::uint64_t>{42}));
  EXPECT_EQ(link.inflight(), 0u);
}

TEST_F(LinkTest, keepsToItsWindow) {
  settings.inflightPerDevice = 3;
  link.open({});
  test::WireView& view = comeUp();
  for (std::uint64_t token = 1; token <= 3; ++token) publish(token);
  EXPECT_EQ(link.room(), 0u);
  says(view, puback(2));
  EXPECT_EQ(user.acknowledged, (std::vector<std::uint64_t>{2}));
  EXPECT_EQ(link.room(), 0u) << "a hole in the window does not make it slide";
  says(view, puback(1));
  EXPECT_EQ(link.room(), 2u);
}

TEST_F(LinkTest, ignoresPubacksItDidNotWaitFor) {
  link.open({});
  test::WireView& view = comeUp();
  publish(1);
  says(view, puback(9));
  says(view, puback(1));
  says(view, puback(1));
  EXPECT_EQ(user.acknowledged, (std::vector<std::uint64_t>{1}));
  EXPECT_TRUE(link.up());
}

TEST_F(LinkTest, aMalformedPubackEndsTheConnection) {
  for (const Bytes& bad : {Bytes{0x40, 0x02, 0x00, 0x00}, Bytes{0x40, 0x01, 0x00}, Bytes{0x40, 0x03, 0x00, 0x01, 0x00}}) {
    link.open({});
    test::WireView& view = comeUp();
    publish(1);
    says(view, bad);
    EXPECT_TRUE(view.closed);
    EXPECT_TRUE(link.failing());
    EXPECT_TRUE(user.acknowledged.empty());
    link.close();
  }
}

TEST_F(LinkTest, rebuildsALinkThatStopsAcknowledging) {
  link.open({});
  test::WireView& view = comeUp();
  publish(1);
  time.pass(settings.ackTimeout - seconds{1});
  EXPECT_TRUE(link.up());
  time.pass(settings.ackTimeout / 4 + seconds{1});
  EXPECT_FALSE(link.up());
  EXPECT_TRUE(view.closed);
  EXPECT_TRUE(link.failing());
  EXPECT_EQ(metrics.stalls.value(), 1u);
  ASSERT_EQ(user.downs.size(), 1u);
  time.pass(settings.backoffMin);
  comeUp();
  EXPECT_TRUE(link.up());
}

TEST_F(LinkTest, notOnlyAcknowledgementsButPingsShowThatTheHubIsThere) {
  link.open({});
  test::WireView& view = comeUp();
  time.pass(settings.keepAlive * 3 / 4 + settings.ackTimeout / 4);
  EXPECT_EQ(view.sent, (Bytes{0xC0, 0x00}));
  says(view, {0xD0, 0x00});
  time.pass(settings.ackTimeout * 2);
  EXPECT_TRUE(link.up());
  time.pass(settings.keepAlive + settings.ackTimeout * 2);
  EXPECT_FALSE(link.up()) << "the second ping was not answered";
}

TEST_F(LinkTest, aRefusedDeviceBacksOffLongerAndLongerWithJitter) {
  link.open({});
  base::Duration longest{};
  for (int attempt = 0; attempt < 40; ++attempt) {
    says(reach(), connack(mqtt::ConnackCode::notAuthorized));
    const base::MonoTime failed = time.clock.now();
    while (dialer.waiting.empty()) time.pass(milliseconds{100});
    longest = std::max(longest, time.clock.now() - failed);
  }
  EXPECT_GT(longest, settings.backoffMax / 4);
  EXPECT_LE(longest, settings.backoffMax * 5 + milliseconds{200});
  EXPECT_EQ(metrics.refused.value(), 40u);
}

TEST_F(LinkTest, aHubThatCannotBeReachedIsTriedEveryFewSeconds) {
  link.open({});
  base::Duration longest{};
  for (int attempt = 0; attempt < 40; ++attempt) {
    fail("connection refused");
    const base::MonoTime failed = time.clock.now();
    while (dialer.waiting.empty()) time.pass(milliseconds{100});
    longest = std::max(longest, time.clock.now() - failed);
    EXPECT_GE(time.clock.now() - failed, settings.backoffMin / 2);
  }
  EXPECT_GT(longest, seconds{2});
  EXPECT_LE(longest, milliseconds{4100});
  EXPECT_EQ(metrics.unreachable.value(), 40u);
}

TEST_F(LinkTest, triesAgainAtOnceWhenItsOwnerIsInAHurry) {
  link.open({});
  for (int attempt = 0; attempt < 12; ++attempt) {
    says(reach(), connack(mqtt::ConnackCode::notAuthorized));
    while (dialer.waiting.empty()) time.pass(milliseconds{100});
  }
  says(reach(), connack(mqtt::ConnackCode::notAuthorized));
  link.hurry(milliseconds{500});
  time.pass(milliseconds{500});
  EXPECT_EQ(dialer.waiting.size(), 1u);
}

TEST_F(LinkTest, aRefusalIsAFailureWithAReason) {
  link.open({});
  test::WireView& view = reach();
  says(view, connack(mqtt::ConnackCode::notAuthorized));
  EXPECT_TRUE(view.closed);
  EXPECT_TRUE(link.failing());
  EXPECT_NE(link.lastError().find("not authorized"), std::string_view::npos);
  EXPECT_EQ(metrics.refused.value(), 1u);
}

TEST_F(LinkTest, aHubThatNeverAnswersTheConnectIsGivenUp) {
  link.open({});
  test::WireView& view = reach();
  time.pass(settings.ackTimeout);
  EXPECT_TRUE(view.closed);
  EXPECT_TRUE(link.failing());
}

TEST_F(LinkTest, renewsItsTokenBeforeItExpiresAndLosesNothing) {
  link.open({});
  test::WireView& view = comeUp();
  publish(1);
  time.pass(minutes{1});  // the stall watch would end it; keep it acknowledged
  comeUp();
  test::WireView& live = *views.back();
  const base::MonoTime start = time.clock.now();
  bool renewed = false;
  while (!renewed && time.clock.now() - start < minutes{60}) {
    time.pass(seconds{20});
    if (!live.closed && live.sent.size() >= 2 && live.sent.back() == 0x00 && live.sent[live.sent.size() - 2] == 0xC0) says(live, {0xD0, 0x00});
    live.sent.clear();
    renewed = live.closed;
  }
  ASSERT_TRUE(renewed) << "the token was not renewed before its expiry";
  EXPECT_GT(time.clock.now() - start, minutes{41});
  EXPECT_FALSE(link.failing()) << "a renewal is not a failure, so nothing is written to disk for it";
  comeUp();
  EXPECT_TRUE(link.up());
  EXPECT_TRUE(view.closed);
}

TEST_F(LinkTest, aRenewalWaitsForWhatIsOnItsWay) {
  settings.ackTimeout = minutes{30};
  settings.keepAlive = minutes{180};
  link.open({});
  test::WireView& view = comeUp();
  time.pass(minutes{41});
  for (int step = 0; step < 1200 && link.up(); ++step) {
    view.sent.clear();
    publish(static_cast<std::uint64_t>(step));
    time.pass(seconds{1});
    if (!link.up()) break;
    says(view, puback(static_cast<mqtt::PacketId>(step + 1)));
  }
  ASSERT_EQ(link.state(), Link::State::renewing);
  EXPECT_EQ(link.room(), 0u);
  EXPECT_FALSE(view.closed);
  const std::size_t before = user.acknowledged.size();
  says(view, puback(static_cast<mqtt::PacketId>(before + 1)));
  EXPECT_EQ(user.acknowledged.size(), before + 1);
  EXPECT_TRUE(view.closed);
}

TEST_F(LinkTest, withoutAKeyItSaysSoAndDoesNotHurry) {
  credentials.missing = true;
  link.open({});
  time.settle();
  EXPECT_TRUE(dialer.waiting.empty());
  EXPECT_TRUE(link.failing());
  EXPECT_EQ(link.lastError(), "no key for this device");
  EXPECT_EQ(metrics.noCredentials.value(), 1u);
}

TEST_F(LinkTest, whatTheLoginAddsStandsBehindTheDevicesOwnQuery) {
  credentials.tail = "&auth-chain=dev%3Bedge";
  link.open("api-version=2020-09-30");
  test::WireView& view = reach();
  mqtt::Frame frame;
  ASSERT_TRUE(mqtt::nextFrame(view.sent, 1 << 20, frame));
  EXPECT_EQ(*mqtt::parseConnect(frame)->username, "contoso.azure-devices.net/dev/?api-version=2020-09-30&auth-chain=dev%3Bedge");
}

TEST_F(LinkTest, dialsTheHubOfItsLoginAndTellsTheCredentialsHowItWent) {
  link.open({});
  credentials.hub = "first.azure-devices.net";
  says(reach(), connack(mqtt::ConnackCode::notAuthorized));
  EXPECT_EQ(credentials.refusals, 1);
  EXPECT_EQ(credentials.acceptances, 0);
  EXPECT_EQ(link.lastError(), "the hub refused the CONNECT with code 5 (not authorized): look here");
  credentials.hub = "second.azure-devices.net";
  time.pass(seconds{2});
  comeUp();
  EXPECT_EQ(dialer.hosts, (std::vector<std::string>{"first.azure-devices.net", "second.azure-devices.net"}));
  EXPECT_EQ(credentials.refusals, 1);
  EXPECT_EQ(credentials.acceptances, 1);
}

TEST_F(LinkTest, garbageFromTheHubEndsTheConnection) {
  link.open({});
  test::WireView& view = comeUp();
  says(view, {0x00, 0x00});
  EXPECT_TRUE(view.closed);
  EXPECT_TRUE(link.failing());
}

TEST_F(LinkTest, closingSaysDisconnectAndTellsNobody) {
  link.open({});
  test::WireView& view = comeUp();
  link.close();
  EXPECT_EQ(view.sent, (Bytes{0xE0, 0x00}));
  EXPECT_TRUE(view.closed);
  EXPECT_TRUE(user.downs.empty());
  time.pass(minutes{10});
  EXPECT_TRUE(dialer.waiting.empty());
}

// One device has to be registered first, which takes its time.
class SlowCredentials final : public Credentials {
 public:
  class Request final : public LoginRequest {};
  std::unique_ptr<LoginRequest> login(std::string_view deviceId, base::WallTime now, Done done) override {
    const Login login{.hub = "contoso.azure-devices.net", .usernameTail = {}, .password = "token", .expires = now + minutes{60}};
    if (deviceId != "new" || registered) {
      done(login);
      return nullptr;
    }
    waiting = std::move(done);
    return std::make_unique<Request>();
  }
  void answer(base::Explained<Login> login) { std::exchange(waiting, nullptr)(std::move(login)); }
  bool registered = false;
  Done waiting;
};

TEST_F(LinkTest, aLoginThatIsWaitedForHoldsNobodyElse) {
  SlowCredentials slow;
  LinkContext other{.settings = settings, .timers = time.timers, .dialer = dialer, .weather = weather,
                    .credentials = slow, .metrics = metrics, .random = random};
  OwnLink newcomer{other, "new", user};
  newcomer.open({});
  time.settle();
  ASSERT_TRUE(slow.waiting);
  link.open({});
  comeUp();
  EXPECT_TRUE(link.up());
  EXPECT_FALSE(newcomer.up());
  slow.registered = true;
  slow.answer(Login{.hub = "contoso.azure-devices.net", .usernameTail = {}, .password = "token", .expires = {}});
  comeUp();
  EXPECT_TRUE(newcomer.up());
}

TEST_F(LinkTest, aLoginThatIsWaitedForInVainIsAskedForAgain) {
  SlowCredentials slow;
  LinkContext other{.settings = settings, .timers = time.timers, .dialer = dialer, .weather = weather,
                    .credentials = slow, .metrics = metrics, .random = random};
  OwnLink newcomer{other, "new", user};
  newcomer.open({});
  time.settle();
  slow.answer(base::failed<Login>("not enrolled"));
  EXPECT_EQ(newcomer.lastError(), "not enrolled");
  EXPECT_EQ(metrics.noCredentials.value(), 1u);
  time.pass(minutes{2});
  EXPECT_TRUE(slow.waiting);
  newcomer.close();
  time.pass(minutes{2});
  EXPECT_TRUE(dialer.waiting.empty());
}

}  // namespace
}  // namespace spheregate::upstream
