#include <gmock/gmock.h>

#include "shared_fixture.hpp"

namespace spheregate::upstream::test {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

class KeptTest : public SharedTest {
 protected:
  static constexpr const char* kFilter = "devices/plant/messages/devicebound/#";
  std::uint64_t dead(const char* reason) { return registry.counter("cloud_messages_dead_total", "", {{"reason", reason}}).value(); }
};

TEST_F(KeptTest, aMessageGoesToTheDeviceItNames) {
  bringUp();
  EXPECT_THAT(hub().subscribed, ElementsAre(kFilter));
  Device& one = listening("a");
  Device& two = listening("b");
  cloudSends("b", "open", "&x=1");
  EXPECT_THAT(one.user.topics, IsEmpty());
  EXPECT_THAT(two.user.topics, ElementsAre("devices/b/messages/devicebound/%24.mid=1&spheregate-device=b&x=1"));
  EXPECT_THAT(two.user.payloads, ElementsAre("open"));
  EXPECT_THAT(two.user.dups, ElementsAre(false));
  EXPECT_THAT(rows(), SizeIs(1));
  two.link->acknowledge(0, two.user.ids[0]);
  time.settle();
  EXPECT_THAT(rows(), IsEmpty());
}

TEST_F(KeptTest, aTopicThatFitsTheGatewayAloneIsNotKept) {
  bringUp();
  const std::string target(128, 'a');
  Device& one = listening(target);
  const std::string start = "devices/plant/messages/devicebound/spheregate-device=" + target + "&x=";
  const std::size_t longest = 65'535 - (target.size() - std::string{"plant"}.size());
  for (const std::size_t bytes : {std::size_t{65'535}, longest + 1, longest}) {
    hub().keep({.topic = start + std::string(bytes - start.size(), 'x'), .payload = {'x'}, .qos = 1, .dup = false});
  }
  EXPECT_EQ(dead("topic_too_long"), 2);
  EXPECT_THAT(rows(), SizeIs(1));
  open();
  Device& again = listening(target);
  ASSERT_THAT(again.user.topics, SizeIs(1));
  EXPECT_EQ(again.user.topics[0].size(), 65'535);
  (void)one;
}

TEST_F(KeptTest, itIsOnTheDiskBeforeTheHubHearsAnything) {
  bringUp();
  hub().keep({.topic = "devices/plant/messages/devicebound/spheregate-device=a", .payload = {'x'}, .qos = 1, .dup = false});
  EXPECT_THAT(rows(), SizeIs(1));
}

TEST_F(KeptTest, itOutlivesTheProcessAndComesAgainWithDup) {
  bringUp();
  cloudSends("a", "1");
  cloudSends("a", "2");
  cloudSends("b", "3");
  open();
  Device& one = listening("a");
  EXPECT_THAT(one.user.payloads, ElementsAre("1", "2")) << "though the hub is away";
  EXPECT_THAT(one.user.dups, ElementsAre(true, true));
  bringUp();
  cloudSends("a", "4");
  EXPECT_THAT(one.user.payloads, ElementsAre("1", "2", "4")) << "new numbers go on after the old ones";
  for (const mqtt::PacketId id : one.user.ids) one.link->acknowledge(0, id);
  time.settle();
  EXPECT_THAT(rows(), SizeIs(1));
}

TEST_F(KeptTest, aDeviceGetsAFewAtATimeAndAgainWhatItDoesNotAcknowledge) {
  bringUp();
  for (int number = 0; number < 20; ++number) cloudSends("a", std::to_string(number));
  Device& one = listening("a");
  ASSERT_THAT(one.user.payloads, SizeIs(8));
  one.link->acknowledge(0, one.user.ids[0]);
  time.settle();
  EXPECT_EQ(one.user.payloads.back(), "8");
  time.pass(61s);
  ASSERT_THAT(one.user.payloads, SizeIs(17));
  EXPECT_EQ(one.user.payloads[9], "1");
  EXPECT_EQ(one.user.ids[9], one.user.ids[1]);
  EXPECT_TRUE(one.user.dups[9]);
}

TEST_F(KeptTest, aDeviceThatComesBackGetsItAgain) {
  bringUp();
  Device& one = listening("a");
  cloudSends("a", "x");
  one.link->unfollow("devices/a/messages/devicebound/#");
  one.link->acknowledge(0, one.user.ids[0]);  // too late: of a connection that is gone
  cloudSends("a", "y");
  one.link->follow("devices/a/messages/devicebound/#", 1);
  time.settle();
  EXPECT_THAT(one.user.payloads, ElementsAre("x", "x", "y"));
  EXPECT_THAT(one.user.dups, ElementsAre(false, true, false));
}

TEST_F(KeptTest, atQosZeroItIsGivenOnce) {
  bringUp();
  Device& one = listening("a", 0);
  cloudSends("a", "x");
  EXPECT_THAT(one.user.ids, ElementsAre(0));
  time.pass(5min);
  EXPECT_THAT(one.user.payloads, SizeIs(1));
  EXPECT_THAT(rows(), IsEmpty());
}

TEST_F(KeptTest, forNobodyItIsNotKept) {
  bringUp();
  hub().sends("devices/plant/messages/devicebound/a=1", "x");
  hub().sends("devices/plant/messages/devicebound/", "x");
  hub().sends("devices/plant/messages/devicebound/spheregate-device", "x");
  hub().sends("devices/plant/messages/devicebound/spheregate-device=%zz", "x");
  hub().sends("devices/plant/messages/devicebound/spheregate-device=a%2Fb", "x");
  hub().sends("devices/plant/messages/devicebound/spheregate-device=" + std::string(129, 'a'), "x");
  hub().sends("$iothub/twin/res/200/?$rid=1", "x");
  EXPECT_EQ(dead("no_device"), 6u);
  EXPECT_THAT(rows(), IsEmpty());
}

TEST_F(KeptTest, itExpires) {
  bringUp();
  cloudSends("a", "soon", "&%24.exp=2023-11-14T22%3A13%3A30.0000000Z");
  cloudSends("a", "later", "&%24.exp=2023-11-14T23%3A13%3A20Z");
  cloudSends("a", "never said");
  cloudSends("b", "soon", "&%24.exp=2023-11-14T22%3A13%3A30Z");
  time.pass(11s);
  Device& one = listening("a");
  EXPECT_THAT(one.user.payloads, ElementsAre("later", "never said"));
  time.pass(1min);
  EXPECT_EQ(dead("expired"), 2u) << "also where nobody listens";
  one.link->unfollow("devices/a/messages/devicebound/#");
  time.pass(49h);
  EXPECT_THAT(rows(), IsEmpty()) << "no message lives longer than at the hub";
}

TEST_F(KeptTest, whatTheHubRepeatsIsKeptOnce) {
  bringUp();
  cloudSends("a", "x");
  cloudSends("a", "x", {}, true);
  EXPECT_THAT(rows(), SizeIs(1));
  cloudSends("a", "x");
  EXPECT_THAT(rows(), SizeIs(2)) << "without DUP it is another";
}

TEST_F(KeptTest, withNoRoomTheHubKeepsThem) {
  bringUp();
  for (std::size_t number = 0; number < KeptMessages::kMessagesMax; ++number) cloudSends("absent", std::to_string(number));
  EXPECT_THAT(hub().subscribed, IsEmpty());
  for (int number = 0; number < 50; ++number) cloudSends("absent", "late");
  EXPECT_THAT(rows(), SizeIs(KeptMessages::kMessagesMax + 50));
  for (int number = 0; number < 1000; ++number) cloudSends("absent", "far too late");
  EXPECT_THAT(rows(), SizeIs(KeptMessages::kMessagesMax + KeptMessages::kSurplusMax));
  EXPECT_EQ(dead("no_room"), 850u);
  hub().fails("lost");
  time.pass(2s);
  bringUp();
  EXPECT_THAT(hub().subscribed, IsEmpty());
  Device& one = listening("absent");
  for (std::size_t done = 0; done < 300; ++done) {
    one.link->acknowledge(0, one.user.ids[done]);
    time.settle();
  }
  EXPECT_THAT(hub().subscribed, ElementsAre(kFilter));
}

TEST_F(KeptTest, withoutAStoreTheHubKeepsThem) {
  store->breakDown("no disk");
  bringUp();
  EXPECT_THAT(hub().subscribed, IsEmpty());
  cloudSends("a", "x");
  EXPECT_EQ(dead("store"), 1u);
  EXPECT_EQ(kept->size(), 0u);
}

TEST_F(KeptTest, unreadableRowsAreDropped) {
  rows()["a/1"] = "short";
  rows()["b"] = std::string(12, '\0');
  rows()["c/2"] = std::string("\0\0\0\0\0\0\0\0\xff\xff\xff\xff", 12);
  open();
  time.settle();
  EXPECT_EQ(kept->size(), 0u);
  EXPECT_THAT(rows(), IsEmpty());
}

}  // namespace
}  // namespace spheregate::upstream::test
