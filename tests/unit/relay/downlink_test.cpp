#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "simulation/memory_store.hpp"
#include "spheregate/relay/uplink.hpp"
#include "unit/queue/store_fixture.hpp"
#include "unit/upstream/link_fixture.hpp"

// One device's way in both directions, on a fake disk, a scripted wire and manual time.
namespace spheregate::relay {
namespace {

using queue::Acceptance;
using std::chrono::seconds;

const std::string kCloudFilter = "devices/dev/messages/devicebound/#";
const std::string kCloudTopic = "devices/dev/messages/devicebound/a=b";
const std::string kReported = "$iothub/twin/PATCH/properties/reported/?$rid=";

class ListeningDevices final : public DeviceSide {
 public:
  Delivery deliver(queue::DeviceKey, const mqtt::Publish& message, std::uint64_t token) override {
    if (!there) return Delivery::nobody;
    heard += std::string{message.topic} + " " + std::string{base::asText(message.payload)} + (message.dup ? " dup" : "") + "\n";
    tokens.push_back(token);
    ids.push_back(message.packetId);
    return Delivery::sent;
  }
  void acknowledge(queue::DeviceKey, queue::Sequence through) override { acknowledged = through; }
  void roomAgain() override {}
  void storeClosed(std::string_view) override {}
  void tooSlow(queue::DeviceKey) override {}
  bool there = true;
  std::string heard;
  std::vector<std::uint64_t> tokens;
  std::vector<mqtt::PacketId> ids;
  queue::Sequence acknowledged = 0;
};

class DownlinkTest : public ::testing::Test {
 protected:
  DownlinkTest() {
    links.hub = "hub";
    store.commitAfter = std::chrono::milliseconds{50};
    uplink.open(devices);
    device = custody.device("dev");
    uplink.present(device, {});
  }

  void settle() {
    do time.settle();
    while (runner.step());
  }
  void pass(base::Duration much) {
    time.pass(much);
    settle();
  }
  void comeUp() {
    for (int tries = 0; dialer.waiting.empty() && tries < 100; ++tries) pass(seconds{1});
    ASSERT_FALSE(dialer.waiting.empty());
    auto done = std::move(dialer.waiting.front());
    dialer.waiting.pop_front();
    wires.push_back(std::make_unique<test::WireView>());
    done(std::unique_ptr<base::Wire>{std::make_unique<test::ScriptedWire>(*wires.back())});
    wires.back()->sent.clear();
    base::Bytes connack;
    mqtt::appendConnack(connack, {.sessionPresent = false, .code = mqtt::ConnackCode::accepted});
    wires.back()->user->wireBytes(connack);
    settle();
  }
  void hubSays(const std::string& topic, const std::string& payload = "", mqtt::PacketId id = 0, bool dup = false) {
    base::Bytes out;
    mqtt::appendPublish(out, {.topic = topic,
                              .payload = base::asBytes(payload),
                              .packetId = id,
                              .qos = static_cast<std::uint8_t>(id > 0 ? 1 : 0),
                              .dup = dup,
                              .retain = false});
    wires.back()->user->wireBytes(out);
    settle();
  }
  // What went to the hub since it was asked last: topics of publishes, ids of PUBACKs, filters.
  std::string hubHears() {
    std::string text;
    base::ByteView rest{wires.back()->sent};
    mqtt::Frame frame;
    while (!rest.empty()) {
      const auto framing = mqtt::nextFrame(rest, 1 << 20, frame);
      if (!framing || *framing == mqtt::Framing::incomplete) break;
      if (frame.type == mqtt::PacketType::publish) text += std::string{mqtt::parsePublish(frame)->topic} + "\n";
      if (frame.type == mqtt::PacketType::puback) text += "PUBACK " + std::to_string(*mqtt::parsePacketId(frame)) + "\n";
      if (frame.type == mqtt::PacketType::subscribe) text += "+" + std::string{mqtt::parseSubscribe(frame)->filters[0].filter} + "\n";
      if (frame.type == mqtt::PacketType::unsubscribe) text += "-" + std::string{mqtt::parseUnsubscribe(frame)->filters[0]} + "\n";
      rest = rest.subspan(frame.size);
    }
    wires.back()->sent.clear();
    return text;
  }
  std::string deviceHears() { return std::exchange(devices.heard, {}); }
  queue::Sequence report(const std::string& rid, const std::string& patch = "{}") {
    const auto accepted = uplink.takePatch(device, "$rid=" + rid, rid, base::asBytes(patch));
    EXPECT_EQ(accepted.acceptance, Acceptance::taken);
    settle();
    return accepted.sequence;
  }
  void leave() {
    devices.there = false;
    uplink.unfollow(device, kCloudFilter);
    uplink.unfollow(device, hub::kTwinResponseFilter);
    uplink.absent(device);
    settle();
  }
  void comeBack() {
    devices.there = true;
    uplink.present(device, {});
    uplink.follow(device, hub::FilterKind::cloudToDevice, kCloudFilter, 1);
    settle();
  }
  void cut() {
    wires.back()->user->wireClosed("reset");
    settle();
  }

  test::ManualTime time;
  metrics::Registry registry;
  queue::Settings store;
  simulation::FakeDisk disk;
  queue::StepRunner runner;
  queue::Custody custody{store, disk, runner, time.timers, registry};
  upstream::Settings links;
  upstream::LinkMetrics linkMetrics{registry};
  upstream::ScriptedDialer dialer;
  upstream::ScriptedCredentials credentials;
  std::mt19937_64 random{7};
  upstream::Pacer pacer{time.timers, 1000};
  upstream::Weather weather{time.timers, pacer, links, random, registry};
  upstream::LinkContext context{.settings = links,
                                .timers = time.timers,
                                .dialer = dialer,
                                .weather = weather,
                                .credentials = credentials,
                                .metrics = linkMetrics,
                                .random = random};
  std::vector<std::unique_ptr<test::WireView>> wires;
  ListeningDevices devices;
  upstream::OwnLinks ownLinks{context};
  simulation::MemoryTables tables;
  simulation::MemoryStore state{time.timers, tables};
  Uplink uplink{custody, ownLinks, links, state, time.timers, registry};
  queue::DeviceKey device{};
};

TEST_F(DownlinkTest, aPatchIsAnsweredByTheHubUnderTheDevicesOwnRequestId) {
  comeUp();
  EXPECT_EQ(report("a b/é"), 1u);
  EXPECT_EQ(hubHears(), "+$iothub/twin/res/#\n" + kReported + "spheregate-1\n");
  EXPECT_EQ(deviceHears(), "");
  hubSays("$iothub/twin/res/204/?$rid=spheregate-1&$version=9");
  EXPECT_EQ(deviceHears(), "$iothub/twin/res/204/?$rid=a b/é&$version=9 \n");
  EXPECT_EQ(custody.queuedMessages(), 0u);
  EXPECT_EQ(devices.acknowledged, 1u);
}

TEST_F(DownlinkTest, withoutTheHubAPatchIsAnsweredOnceItIsOnDisk) {
  comeUp();
  cut();
  const auto accepted = uplink.takePatch(device, "$rid=7", "7", base::asBytes("{}"));
  time.settle();
  EXPECT_EQ(deviceHears(), "") << "not on disk yet";
  settle();
  EXPECT_EQ(deviceHears(), "$iothub/twin/res/204/?$rid=7 \n");
  comeUp();
  EXPECT_EQ(hubHears(), "+$iothub/twin/res/#\n" + kReported + "spheregate-1\n");
  hubSays("$iothub/twin/res/204/?$rid=spheregate-1&$version=9");
  EXPECT_EQ(deviceHears(), "") << "it had its answer";
  EXPECT_EQ(custody.state(device).ledger.delivered, accepted.sequence);
}

TEST_F(DownlinkTest, theAnswerToAPatchIsHeardWhenTheDeviceHasLeft) {
  comeUp();
  report("7");
  hubHears();
  leave();
  EXPECT_EQ(hubHears(), "");
  hubSays("$iothub/twin/res/204/?$rid=spheregate-1&$version=9");
  EXPECT_EQ(custody.queuedMessages(), 0u);
}

TEST_F(DownlinkTest, aHubThatIsBusyIsAskedAgainAndARefusalIsKept) {
  comeUp();
  report("7");
  hubSays("$iothub/twin/res/429/?$rid=spheregate-1", "{}");
  EXPECT_EQ(deviceHears(), "$iothub/twin/res/204/?$rid=7 \n") << "safe on disk";
  EXPECT_EQ(custody.queuedMessages(), 1u);
  comeUp();
  EXPECT_EQ(hubHears(), "+$iothub/twin/res/#\n" + kReported + "spheregate-1\n");
  hubSays("$iothub/twin/res/400/?$rid=spheregate-1", "{}");
  EXPECT_EQ(custody.state(device).ledger.deadLettered, 1u);
  report("8");
  hubSays("$iothub/twin/res/400/?$rid=spheregate-2", "why");
  EXPECT_EQ(deviceHears(), "$iothub/twin/res/400/?$rid=8 why\n");
  EXPECT_EQ(custody.state(device).ledger.deadLettered, 1u) << "the device was told";
  EXPECT_EQ(custody.queuedMessages(), 0u);
  std::string letter;
  custody.listDeadLetters({}, 1, [&](queue::DeadLetterPage page) { letter = page.letters.at(0).id; });
  settle();
  hubHears();
  uplink.retry(letter, [](const queue::NoLetter* problem) { EXPECT_EQ(problem, nullptr); });
  settle();
  EXPECT_EQ(hubHears(), kReported + "spheregate-3\n") << "an operator wants it to be sent after all";
  hubSays("$iothub/twin/res/204/?$rid=spheregate-3&$version=9");
  EXPECT_EQ(custody.queuedMessages() + custody.state(device).ledger.deadLettered, 0u);
}

TEST_F(DownlinkTest, aHubThatNeverAnswersAPatchIsGivenUp) {
  comeUp();
  report("7");
  pass(links.ackTimeout + seconds{1});
  EXPECT_TRUE(wires.back()->closed);
  EXPECT_EQ(linkMetrics.stalls.value(), 1u);
  EXPECT_EQ(deviceHears(), "$iothub/twin/res/204/?$rid=7 \n");
  EXPECT_EQ(custody.queuedMessages(), 1u);
}

TEST_F(DownlinkTest, aPatchThatWasCopiedWhileItWasOnItsWayIsAnsweredWhenTheLinkGoes) {
  comeUp();
  report("7");
  // The link is back before the disk is done.
  wires.back()->user->wireClosed("reset");
  for (int tries = 0; dialer.waiting.empty() && tries < 100; ++tries) time.pass(seconds{1});
  auto done = std::move(dialer.waiting.front());
  dialer.waiting.pop_front();
  wires.push_back(std::make_unique<test::WireView>());
  done(std::unique_ptr<base::Wire>{std::make_unique<test::ScriptedWire>(*wires.back())});
  base::Bytes connack;
  mqtt::appendConnack(connack, {.sessionPresent = false, .code = mqtt::ConnackCode::accepted});
  wires.back()->user->wireBytes(connack);
  settle();
  EXPECT_EQ(deviceHears(), "");
  cut();
  EXPECT_EQ(deviceHears(), "$iothub/twin/res/204/?$rid=7 \n");
}

TEST_F(DownlinkTest, aPatchBehindASlowMessageIsAnsweredInTimeThoughOneBeforeItWasOnItsWay) {
  links.inflightPerDevice = 1;
  comeUp();
  report("7");
  pass(seconds{3});
  uplink.take(device, {.suffix = "/x", .payload = base::asBytes("x")}, 1);
  report("8");
  hubSays("$iothub/twin/res/204/?$rid=spheregate-1&$version=9");
  EXPECT_EQ(deviceHears(), "$iothub/twin/res/204/?$rid=7&$version=9 \n");
  pass(seconds{3});
  EXPECT_EQ(deviceHears(), "$iothub/twin/res/204/?$rid=8 \n");
}

TEST_F(DownlinkTest, theHubHearsOfACloudMessageWhenTheDeviceHasIt) {
  comeUp();
  comeBack();
  hubHears();
  hubSays(kCloudTopic, "one", 5);
  EXPECT_EQ(deviceHears(), kCloudTopic + " one\n");
  EXPECT_EQ(hubHears(), "");
  hubSays(kCloudTopic, "one", 5, true);
  EXPECT_EQ(deviceHears(), "") << "it has it already, and will acknowledge it";
  hubSays(kCloudTopic, "one", 5);
  EXPECT_EQ(deviceHears(), kCloudTopic + " one\n") << "not said to be a repetition, so perhaps another message";
  uplink.received(device, devices.tokens.back());
  uplink.received(device, devices.tokens.back());
  EXPECT_EQ(hubHears(), "PUBACK 5\n");
  hubSays(kCloudTopic, "two", 5, true);
  EXPECT_EQ(deviceHears(), kCloudTopic + " two dup\n") << "another message";
}

TEST_F(DownlinkTest, aCloudMessageComesAgainToADeviceThatComesBack) {
  comeUp();
  comeBack();
  hubSays(kCloudTopic, "one", 5);
  deviceHears();
  leave();
  hubHears();
  comeBack();
  EXPECT_EQ(deviceHears(), kCloudTopic + " one dup\n");
  EXPECT_EQ(devices.ids, (std::vector<mqtt::PacketId>{5, 5})) << "an acknowledgement of the first copy may still come";
  EXPECT_EQ(hubHears(), "+" + kCloudFilter + "\n");
  uplink.received(device, devices.tokens.back());
  EXPECT_EQ(hubHears(), "PUBACK 5\n");
}

TEST_F(DownlinkTest, nothingIsKeptBeyondTheLinkThatBroughtIt) {
  comeUp();
  comeBack();
  hubSays(kCloudTopic, "one", 5);
  deviceHears();
  leave();
  pass(links.idleClose + seconds{1});
  EXPECT_TRUE(wires.back()->closed);
  comeBack();
  EXPECT_EQ(deviceHears(), "") << "the hub has it and sends it";
  comeUp();
  hubHears();
  uplink.received(device, devices.tokens.back());
  EXPECT_EQ(hubHears(), "");
}

TEST_F(DownlinkTest, whoIsNotThereLeavesTheMessageWithTheHub) {
  comeUp();
  devices.there = false;
  hubHears();
  hubSays(kCloudTopic, "one", 5);
  EXPECT_EQ(hubHears(), "");
}

TEST_F(DownlinkTest, aTwinRequestWaitsForTheHub) {
  const std::string get = "$iothub/twin/GET/?$rid=1";
  uplink.requestTwin(device, get, "1", base::asBytes(" "));
  comeUp();
  EXPECT_EQ(hubHears(), "+$iothub/twin/res/#\n" + get + "\n");
  cut();
  comeUp();
  EXPECT_EQ(hubHears(), "+$iothub/twin/res/#\n" + get + "\n") << "unanswered";
  hubSays("$iothub/twin/res/200/?$rid=1", "{}");
  EXPECT_EQ(deviceHears(), "$iothub/twin/res/200/?$rid=1 {}\n");
  hubSays("$iothub/twin/res/200/?$rid=1", "{}");
  EXPECT_EQ(deviceHears(), "");
}

TEST_F(DownlinkTest, aTwinThatIsReadAfterAPatchHasIt) {
  report("7");
  uplink.requestTwin(device, "$iothub/twin/GET/?$rid=spheregate-9", "spheregate-9", {});
  comeUp();
  EXPECT_EQ(hubHears(), "+$iothub/twin/res/#\n" + kReported + "spheregate-1\n$iothub/twin/GET/?$rid=spheregate-9\n");
  deviceHears();
  hubSays("$iothub/twin/res/200/?$rid=spheregate-9", "{}");
  EXPECT_EQ(deviceHears(), "$iothub/twin/res/200/?$rid=spheregate-9 {}\n") << "not taken for an answer to the gateway";
}

TEST_F(DownlinkTest, aTwinRequestWaitsForRoom) {
  comeUp();
  wires.back()->stuck = base::Wire::kHighWater + 1;
  uplink.requestTwin(device, "$iothub/twin/GET/?$rid=1", "1", {});
  EXPECT_EQ(hubHears(), "+$iothub/twin/res/#\n");
  wires.back()->stuck = 0;
  wires.back()->user->wireDrained();
  EXPECT_EQ(hubHears(), "$iothub/twin/GET/?$rid=1\n");
  wires.back()->user->wireDrained();
  EXPECT_EQ(hubHears(), "");
}

TEST_F(DownlinkTest, repliesGoToCallsThatThisConnectionTook) {
  comeUp();
  const auto reply = [this](const std::string& rid) {
    uplink.replyToMethod(device, "$iothub/methods/res/200/?$rid=" + rid, rid, {});
    return hubHears();
  };
  hubSays("$iothub/methods/POST/m/?$rid=1f");
  hubSays("$iothub/methods/POST/m/?$rid=20");
  EXPECT_EQ(reply("1f"), "$iothub/methods/res/200/?$rid=1f\n");
  EXPECT_EQ(reply("1f"), "") << "once";
  EXPECT_EQ(reply("never"), "");
  leave();
  comeBack();
  hubHears();
  EXPECT_EQ(reply("20"), "") << "another connection's";
}

TEST_F(DownlinkTest, aChangeThatOvertakesTheTwinIsNotMissed) {
  comeUp();
  uplink.follow(device, hub::FilterKind::desiredProperties, "$iothub/twin/PATCH/properties/desired/#", 0);
  uplink.requestTwin(device, "$iothub/twin/GET/?$rid=1", "1", {});
  hubSays("$iothub/twin/res/200/?$rid=1", R"({"desired":{"a":4,"$version":4},"reported":{"$version":1}})");
  deviceHears();
  hubHears();
  // The hub looked the twin up before version 6 was made.
  uplink.requestTwin(device, "$iothub/twin/GET/?$rid=2", "2", {});
  hubSays("$iothub/twin/PATCH/properties/desired/?$version=6", R"({"a":6,"$version":6})");
  hubSays("$iothub/twin/res/200/?$rid=2", R"({"desired":{"a":5,"$version":5},"reported":{"$version":1}})");
  EXPECT_NE(deviceHears().find("$version\":5"), std::string::npos);
  EXPECT_NE(hubHears().find("$iothub/twin/GET/?$rid=spheregate-twin-"), std::string::npos);
}

// No SDK does it, but nothing forbids it.
TEST_F(DownlinkTest, aTwinRequestThatIsNamedLikeAPatchOfTheGatewayDoesNotTakeItsAnswer) {
  comeUp();
  report("7");
  uplink.requestTwin(device, "$iothub/twin/GET/?$rid=spheregate-1", "spheregate-1", {});
  hubSays("$iothub/twin/res/204/?$rid=spheregate-1&$version=9");
  EXPECT_EQ(deviceHears(), "$iothub/twin/res/204/?$rid=7&$version=9 \n");
  EXPECT_EQ(custody.queuedMessages(), 0u);
  hubSays("$iothub/twin/res/200/?$rid=spheregate-1", R"({"desired":{"$version":4},"reported":{"$version":9}})");
  EXPECT_NE(deviceHears().find("res/200/?$rid=spheregate-1 "), std::string::npos);
}

}  // namespace
}  // namespace spheregate::relay
