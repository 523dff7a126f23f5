#include "unit/upstream/link_fixture.hpp"

// What a link does besides telemetry: subscriptions, messages of the hub, requests.
namespace spheregate::upstream {
namespace {

class LinkDownlinkTest : public LinkTest {
 protected:
  // The packets of a wire since it was asked last, as text.
  static std::string heard(test::WireView& view) {
    std::string text;
    base::ByteView rest{view.sent};
    mqtt::Frame frame;
    while (true) {
      const auto framing = mqtt::nextFrame(rest, 1 << 20, frame);
      if (!framing || *framing == mqtt::Framing::incomplete) break;
      text += told(frame);
      rest = rest.subspan(frame.size);
    }
    view.sent.clear();
    return text;
  }
  static std::string told(const mqtt::Frame& frame) {
    if (frame.type == mqtt::PacketType::subscribe) {
      std::string text{"SUBSCRIBE"};
      const auto packet = mqtt::parseSubscribe(frame);
      for (const mqtt::Filter& one : packet->filters) text += " " + std::string{one.filter} + ":" + std::to_string(one.qos);
      return text + "\n";
    }
    if (frame.type == mqtt::PacketType::unsubscribe) {
      std::string text{"UNSUBSCRIBE"};
      const auto packet = mqtt::parseUnsubscribe(frame);
      for (const std::string_view one : packet->filters) text += " " + std::string{one};
      return text + "\n";
    }
    if (frame.type == mqtt::PacketType::publish) return "PUBLISH " + std::string{mqtt::parsePublish(frame)->topic} + "\n";
    if (frame.type == mqtt::PacketType::puback) return "PUBACK " + std::to_string(*mqtt::parsePacketId(frame)) + "\n";
    return std::to_string(static_cast<int>(frame.type)) + "\n";
  }
  static Bytes fromHub(mqtt::PacketId id, std::uint8_t qos = 1) {
    Bytes out;
    mqtt::appendPublish(out, {.topic = "c2d", .payload = {}, .packetId = id, .qos = qos, .dup = false, .retain = false});
    return out;
  }
};

TEST_F(LinkDownlinkTest, followsNowAndAfterEveryReconnect) {
  link.follow("b", 1);
  link.open({});
  test::WireView& first = reach();
  first.sent.clear();
  says(first, connack());
  EXPECT_EQ(heard(first), "SUBSCRIBE b:1\n");
  link.follow("a", 0);
  EXPECT_EQ(heard(first), "SUBSCRIBE a:0\n");
  link.follow("a", 0);
  EXPECT_EQ(heard(first), "") << "known already";
  link.follow("a", 1);
  EXPECT_EQ(heard(first), "SUBSCRIBE a:1\n");
  link.follow("b", 0);
  EXPECT_EQ(heard(first), "SUBSCRIBE b:0\n") << "the device wants it without acknowledgements now";
  first.user->wireClosed("reset");
  time.pass(settings.backoffMin);
  test::WireView& second = reach();
  second.sent.clear();
  says(second, connack());
  EXPECT_EQ(heard(second), "SUBSCRIBE a:1 b:0\n");
}

TEST_F(LinkDownlinkTest, forgetsWhatItNoLongerFollows) {
  link.follow("a", 1);
  link.follow("b", 1);
  link.unfollow("a");
  EXPECT_FALSE(link.follows("a"));
  link.open({});
  test::WireView& first = comeUp();
  link.unfollow("never followed");
  EXPECT_EQ(heard(first), "");
  link.unfollow("b");
  EXPECT_EQ(heard(first), "UNSUBSCRIBE b\n");
  first.user->wireClosed("reset");
  time.pass(settings.backoffMin);
  EXPECT_EQ(heard(comeUp()), "");
}

TEST_F(LinkDownlinkTest, aRefusedSubscriptionIsNoReasonToGo) {
  link.follow("a", 1);
  link.open({});
  test::WireView& view = comeUp();
  Bytes suback;
  mqtt::appendSuback(suback, {.packetId = 1, .codes = {0x80}});
  says(view, suback);
  EXPECT_TRUE(link.up());
}

TEST_F(LinkDownlinkTest, acknowledgesOnlyOnTheConnectionThatBroughtTheMessage) {
  user.acknowledges = false;
  link.open({});
  test::WireView& first = comeUp();
  says(first, fromHub(7));
  says(first, fromHub(8));
  const std::uint64_t epoch = link.epoch();
  EXPECT_EQ(heard(first), "");
  link.acknowledge(epoch, 8);
  EXPECT_EQ(heard(first), "PUBACK 8\n");
  first.user->wireClosed("reset");
  link.acknowledge(epoch, 7);
  time.pass(settings.backoffMin);
  test::WireView& second = comeUp();
  link.acknowledge(epoch, 7);
  EXPECT_EQ(heard(second), "");
  link.acknowledge(link.epoch(), 7);
  EXPECT_EQ(heard(second), "PUBACK 7\n");
  EXPECT_EQ(user.messages, (std::vector<std::string>{"c2d", "c2d"}));
}

TEST_F(LinkDownlinkTest, sendsRequestsOnlyWhileTheHubTakesThem) {
  link.open({});
  test::WireView& view = comeUp();
  EXPECT_TRUE(link.send("$iothub/twin/GET/?$rid=1", {}));
  EXPECT_EQ(heard(view), "PUBLISH $iothub/twin/GET/?$rid=1\n");
  EXPECT_EQ(link.inflight(), 0u);
  view.stuck = base::Wire::kHighWater + 1;
  EXPECT_FALSE(link.send("$iothub/twin/GET/?$rid=2", {}));
  EXPECT_EQ(heard(view), "");
}

TEST_F(LinkDownlinkTest, whatIsNotForALinkEndsIt) {
  const std::vector<Bytes> packets{{0x34, 0x05, 0x00, 0x01, 'a', 0x00, 0x01}, {0x82, 0x00}, {0x30, 0x01, 0x00}};
  for (const Bytes& packet : packets) {
    link.open({});
    if (!link.up()) time.pass(settings.backoffMax);
    test::WireView& view = comeUp();
    says(view, packet);
    EXPECT_TRUE(view.closed);
    link.close();
  }
}

TEST_F(LinkDownlinkTest, aPauseThatTheHubAsksForIsAFailureWithBackOff) {
  link.open({});
  test::WireView& view = comeUp();
  link.refused("the hub answered a twin patch with 429");
  EXPECT_TRUE(view.closed);
  EXPECT_TRUE(link.failing());
  EXPECT_EQ(user.downs.size(), 1u);
  EXPECT_TRUE(dialer.waiting.empty());
  link.refused("again");
  link.stalled("again");
  EXPECT_EQ(user.downs.size(), 1u) << "only a connection can be given up";
  EXPECT_EQ(metrics.stalls.value(), 0u);
}

}  // namespace
}  // namespace spheregate::upstream
