#include "spheregate/relay/uplink.hpp"

#include "spheregate/mqtt/decoder.hpp"

#include "unit/relay/relay_site.hpp"

namespace spheregate::relay {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

class UplinkTest : public test::RelaySite {
 protected:
  void take(const std::string& suffix, const std::string& id = "dev") {
    const auto accepted = uplink_->take(key(id), {.suffix = suffix, .payload = base::asBytes("x"), .retain = false}, 0);
    ASSERT_EQ(accepted.acceptance, queue::Acceptance::taken);
  }
  // The topics of what the hub was sent, in order; the hub acknowledges all of it.
  static std::vector<std::string> topics(test::WireView& hub) {
    std::vector<std::string> found;
    base::Bytes pubacks;
    mqtt::Frame frame;
    for (base::ByteView rest{hub.sent}; *mqtt::nextFrame(rest, 1 << 20, frame) != mqtt::Framing::incomplete;
         rest = rest.subspan(frame.size)) {
      const auto publish = mqtt::parsePublish(frame);
      if (frame.type != mqtt::PacketType::publish || !publish) continue;
      found.push_back(std::string{publish->topic.substr(publish->topic.rfind('/') + 1)});
      if (publish->qos == 1) mqtt::appendPuback(pubacks, publish->packetId);
    }
    hub.sent.clear();
    hub.user->wireBytes(pubacks);
    return found;
  }
};

TEST_F(UplinkTest, aRecordWithATopicThatNoPacketTakesBecomesADeadLetter) {
  open();
  const std::size_t room = 65'535 - std::string{"devices/dev/messages/events"}.size();
  take("/" + std::string(room, 'a'));
  take("/" + std::string(room - 1, 'b'));
  const test::WireView& hub = hubAccepts();
  time_.pass(seconds{1});
  EXPECT_EQ(custody_->state(key()).ledger.deadLettered, 1u);
  EXPECT_EQ(uplink_->linkState(key()).inflight, 1u);
  EXPECT_NE(base::asText(hub.sent).find("/bbb"), std::string_view::npos);
}

TEST_F(UplinkTest, knowsSinceWhenAndWhyNot) {
  open();
  const base::MonoTime start = time_.clock.now();
  EXPECT_EQ(uplink_->since(), start);
  time_.pass(seconds{5});
  take("/a");
  hubFails();
  EXPECT_EQ(uplink_->lastError(), "no route");
  EXPECT_EQ(uplink_->since(), start) << "it was not up before either";
  time_.pass(minutes{2});
  test::WireView& hub = hubAccepts();
  const base::MonoTime up = time_.clock.now();
  EXPECT_EQ(uplink_->since(), up);
  EXPECT_EQ(uplink_->lastError(), "");
  take("/b", "other");
  hubAccepts();
  EXPECT_EQ(uplink_->since(), up) << "one more link changes nothing";
  time_.pass(seconds{7});
  hubs_.back()->user->wireClosed({});
  EXPECT_EQ(uplink_->since(), up);
  hub.user->wireClosed({});
  EXPECT_EQ(uplink_->since(), time_.clock.now());
  EXPECT_NE(uplink_->lastError(), "");
}

TEST_F(UplinkTest, speaksOfAnOutageOnlyAfterOne) {
  open();
  take("/a");
  testing::internal::CaptureStderr();
  hubAccepts();
  const std::string first = testing::internal::GetCapturedStderr();
  EXPECT_NE(first.find("uplink up"), std::string::npos) << first;
  EXPECT_EQ(first.find("uplink restored"), std::string::npos) << first;
  testing::internal::CaptureStderr();
  hubs_.back()->user->wireClosed({});
  take("/b");
  time_.pass(minutes{2});
  hubAccepts();
  const std::string second = testing::internal::GetCapturedStderr();
  EXPECT_LT(second.find("hub link down"), second.find("uplink restored")) << second;
  EXPECT_NE(second.find("uplink restored"), std::string::npos) << second;
}

TEST_F(UplinkTest, keepsToTheMessagesOfTheTierWithManyDevices) {
  upstream_.tier = upstream::Tier::s1;
  open();
  for (int number = 0; number < 300; ++number) take("/a=" + std::to_string(number), "device-" + std::to_string(number % 30));
  std::size_t sent = 0;
  const auto count = [&] {
    for (const auto& hub : hubs_) sent += topics(*hub).size();
  };
  for (int number = 0; number < 30; ++number) {
    hubAccepts();
    count();
  }
  EXPECT_EQ(sent, 23u) << "95 a second, a quarter of it at once";
  for (int second = 1; second <= 2; ++second) {
    for (int part = 0; part < 10; ++part) {
      time_.pass(milliseconds{100});
      count();
    }
    EXPECT_NEAR(static_cast<double>(sent), 23 + 95 * second, 2);
  }
  for (int part = 0; part < 20; ++part) {
    time_.pass(milliseconds{100});
    count();
  }
  EXPECT_EQ(sent, 300u);
  EXPECT_EQ(custody_->queuedMessages(), 0u);
}

TEST_F(UplinkTest, twinPatchesKeepToTheirOwnRateAndToTheirPlaceAmongTheMessages) {
  upstream_.tier = upstream::Tier::s1;
  open();
  take("/before");
  for (int number = 0; number < 30; ++number) {
    const auto accepted = uplink_->takePatch(key(), "?$rid=" + std::to_string(number), {}, base::asBytes("{}"));
    ASSERT_EQ(accepted.acceptance, queue::Acceptance::taken);
  }
  take("/after");
  test::WireView& hub = hubAccepts();
  auto found = topics(hub);
  ASSERT_FALSE(found.empty());
  EXPECT_EQ(found.front(), "before");
  EXPECT_EQ(found.size(), 1u + 11) << "47.5 a second, a quarter of it at once";
  time_.pass(milliseconds{300});
  found = topics(hub);
  EXPECT_GE(found.size(), 13u);
  EXPECT_LE(found.size(), 15u);
  EXPECT_NE(found.back(), "after") << "what is behind a patch that waits waits too";
  time_.pass(seconds{1});
  found = topics(hub);
  EXPECT_EQ(found.back(), "after");
}

TEST_F(UplinkTest, aPatchThatWaitsWhenTheLinkGoesIsSentOnTheNextOne) {
  upstream_.tier = upstream::Tier::s1;
  open();
  for (int number = 0; number < 13; ++number) (void)uplink_->takePatch(key(), "?$rid=" + std::to_string(number), {}, base::asBytes("{}"));
  test::WireView& hub = hubAccepts();
  EXPECT_EQ(topics(hub).size(), 11u);
  hub.user->wireBytes(base::Bytes{0x00, 0x00});
  time_.pass(seconds{2});
  test::WireView& next = hubAccepts();
  time_.pass(milliseconds{500});
  EXPECT_EQ(topics(next).size(), 13u);
}

TEST_F(UplinkTest, whatWasQueuedInAnOutageIsSlowAndWhatIsNewIsNot) {
  upstream_.drainPerSecond = 4;
  open();
  for (int number = 0; number < 20; ++number) take("/old=" + std::to_string(number), "late");
  take("/x", "live");
  hubFails();
  for (int tries = 0; tries < 6; ++tries) {
    time_.pass(seconds{5});
    hubFails();
  }
  time_.pass(seconds{5});
  ASSERT_EQ(dialer_.waiting.size(), 1u) << "one device tries for all";
  hubAccepts();
  hubAccepts();
  std::vector<std::string> found;
  const auto look = [&] {
    for (const auto& hub : hubs_) {
      for (std::string& topic : topics(*hub)) found.push_back(std::move(topic));
    }
  };
  look();
  time_.pass(seconds{1});
  look();
  EXPECT_LE(found.size(), 7u);
  for (int number = 0; number < 25; ++number) take("/new=" + std::to_string(number), "live");
  const std::size_t before = found.size();
  look();
  EXPECT_GE(found.size() - before, 25u);
  uplink_->setDrainRate(0);
  for (int part = 0; part < 5; ++part) {
    time_.pass(milliseconds{1});
    look();
  }
  EXPECT_EQ(custody_->queuedMessages(), 0u);
}

TEST_F(UplinkTest, aLinkThatOnlyFailsIsGivenUpWhenItsMessagesHaveExpired) {
  queue_.messageTtl = seconds{60};
  open();
  take("/a=1");
  for (int round = 0; round < 600 && uplink_->linkState(key()).state != upstream::Link::State::closed; ++round) {
    hubFails();
    time_.pass(seconds{1});
  }
  EXPECT_EQ(custody_->state(key()).ledger.expired, 1u);
  EXPECT_EQ(uplink_->linkState(key()).state, upstream::Link::State::closed);
}

}  // namespace
}  // namespace spheregate::relay
