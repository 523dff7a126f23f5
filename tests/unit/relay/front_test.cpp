#include "spheregate/relay/front.hpp"

#include "unit/relay/relay_site.hpp"

namespace spheregate::relay {
namespace {

using std::chrono::minutes;

constexpr unsigned kAccepted = 0;
constexpr unsigned kNotAuthorized = 5;

class FrontTest : public test::RelaySite {
 protected:
  // What a device with this will hears.
  unsigned withWill(std::string_view topic, std::string_view payload) {
    mqtt::Connect connect = connectOf("dev");
    connect.will = mqtt::Will{.topic = topic, .payload = base::asBytes(payload), .qos = 0};
    return says(arrives(), connect);
  }
  unsigned withQuery(const std::string& query) {
    const std::string username = "gateway/dev/?api-version=2021-04-12&" + query;
    return says(arrives(), connectOf("dev", username));
  }
  void comesAndGoes() {
    test::WireView& device = arrives();
    ASSERT_EQ(says(device, connectOf("dev")), kAccepted);
    device.user->wireClosed("reset");
    time_.settle();
  }
};

TEST_F(FrontTest, aWillThatWouldNotFitWithItsPropertyIsRefused) {
  open();
  const std::string base = "devices/dev/messages/events/";
  const std::size_t room = 65'535 - base.size() - std::string{"&iothub-MessageType=Will"}.size();
  EXPECT_EQ(withWill(base + std::string(room + 1, 'a'), "x"), kNotAuthorized);
  EXPECT_EQ(withWill(base + std::string(65'535 - base.size(), 'a'), "x"), kNotAuthorized);
  EXPECT_EQ(connections("bad_will"), 2u);
  EXPECT_EQ(withWill(base + std::string(room, 'a'), "x"), kAccepted);
  devices_.back()->view.user->wireClosed("reset");

  test::WireView& hub = hubAccepts();
  ASSERT_GT(hub.sent.size(), 65'535u);
  EXPECT_NE(base::asText(hub.sent).find("a&iothub-MessageType=Will"), std::string_view::npos);
}

TEST_F(FrontTest, deniedDevicesGoAtOnceAndOthersStay) {
  open();
  test::WireView& denied = arrives("dev");
  test::WireView& other = arrives("other");
  test::WireView& silent = arrives("late");  // has not said CONNECT
  ASSERT_EQ(says(denied, connectOf("dev")), kAccepted);
  ASSERT_EQ(says(other, connectOf("other")), kAccepted);
  front_->endDenied({"dev", "late", "stranger"});
  EXPECT_TRUE(denied.closed);
  EXPECT_TRUE(silent.closed);
  EXPECT_FALSE(other.closed);
  EXPECT_EQ(front_->devicesConnected(), 1u);
}

TEST_F(FrontTest, aWillIsNoLargerThanAMessage) {
  session_.messageBytesMax = 1000;
  open();
  const std::size_t room = 1000 - std::string{"/iothub-MessageType=Will"}.size();
  EXPECT_EQ(withWill("devices/dev/messages/events/", std::string(room + 1, 'w')), kNotAuthorized);
  EXPECT_EQ(withWill("devices/dev/messages/events/", std::string(room, 'w')), kAccepted);
}

TEST_F(FrontTest, anAuthChainIsRefusedInAnyDisguise) {
  open();
  for (const char* query : {"auth-chain=other;dev", "Auth-Chain=other", "auth%2dchain=other", "auth%2Dchain"}) {
    EXPECT_EQ(withQuery(query), kNotAuthorized) << query;
  }
  EXPECT_EQ(connections("auth_chain"), 4u);
  for (const char* query : {"auth-chain=other%", "auth%chain=x", "x=\r\n", "x= "}) EXPECT_EQ(withQuery(query), kNotAuthorized) << query;
  EXPECT_EQ(connections("bad_username"), 4u);
  EXPECT_EQ(withQuery("model-id=dtmi:com:x:y;1&DeviceClientType=node%2F1%20(x)"), kAccepted);
}

TEST_F(FrontTest, aDeviceHasFewConnectionsThatHaveNotSaidConnect) {
  open();
  for (int count = 0; count < 4; ++count) EXPECT_NE(arrives().user, nullptr);
  EXPECT_EQ(arrives().user, nullptr) << "the fifth was dropped at once";
  EXPECT_EQ(connections("too_many_unfinished"), 1u);
  EXPECT_NE(arrives("another").user, nullptr);
  devices_[0]->view.user->wireClosed("reset");
  EXPECT_EQ(says(devices_[1]->view, connectOf("dev")), kAccepted);
  EXPECT_NE(arrives().user, nullptr);
  EXPECT_NE(arrives().user, nullptr);
  EXPECT_EQ(arrives().user, nullptr);
  time_.pass(session_.connectTimeout);
  EXPECT_NE(arrives().user, nullptr);
}

TEST_F(FrontTest, aDeviceThatComesAndGoesDoesNotFillTheLog) {
  open();
  const auto visits = [&] {
    for (int visit = 0; visit < 50; ++visit) comesAndGoes();
  };
  EXPECT_EQ(linesOf(" device ", visits), 10);
  EXPECT_EQ(linesOf(" device ", [&] {
              time_.pass(minutes{1});
              visits();
            }),
            1);
}

TEST_F(FrontTest, aSuccessDoesNotOpenTheLogForRefusals) {
  open();
  EXPECT_EQ(linesOf("device refused", [&] {
              for (int round = 0; round < 20; ++round) {
                EXPECT_EQ(says(arrives(), connectOf("other")), kNotAuthorized);
                comesAndGoes();
              }
            }),
            1);
}

}  // namespace
}  // namespace spheregate::relay
