#include "spheregate/relay/uplink.hpp"

#include "unit/relay/relay_site.hpp"

namespace spheregate::relay {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

class UplinkTest : public test::RelaySite {
 protected:
  void take(const std::string& suffix) {
    const auto accepted = uplink_->take(key(), {.suffix = suffix, .payload = base::asBytes("x"), .retain = false}, 0);
    ASSERT_EQ(accepted.acceptance, queue::Acceptance::taken);
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
