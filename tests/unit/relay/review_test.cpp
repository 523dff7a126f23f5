#include <gmock/gmock.h>

#include "unit/relay/relay_site.hpp"

namespace spheregate::relay {
namespace {

using test::WireView;
using testing::HasSubstr;

constexpr unsigned kAccepted = 0;

class ReviewTest : public test::RelaySite {
 protected:
  WireView& connected(const std::string& id) {
    WireView& view = arrives(id);
    EXPECT_EQ(says(view, connectOf(id)), kAccepted);
    return view;
  }
  // Everybody whose id begins with these letters has to go.
  std::size_t reviewAgainst(const std::string& letters, const char* result = "denied") {
    return front_->review([&](const tls::Verdict& verdict) -> std::optional<Unwelcome> {
      if (!verdict.deviceId.starts_with(letters)) return std::nullopt;
      return Unwelcome{.result = result, .reason = "the device is on the deny list", .fix = "take it off"};
    });
  }
  std::uint64_t revoked(const char* result) {
    return metrics_.counter("device_sessions_revoked_total", "", {{"result", result}}).value();
  }
};

TEST_F(ReviewTest, endsThoseWhoMayNotStayAndNobodyElse) {
  open();
  WireView& bad = connected("bad-1");
  WireView& good = connected("good-1");
  WireView& silent = arrives("bad-2");  // has not said CONNECT
  EXPECT_EQ(reviewAgainst("bad"), 2u);
  EXPECT_TRUE(bad.closed);
  EXPECT_TRUE(silent.closed);
  EXPECT_FALSE(good.closed);
  EXPECT_EQ(front_->devicesConnected(), 1u);
  EXPECT_EQ(revoked("denied"), 2u);
  EXPECT_EQ(reviewAgainst("bad"), 0u) << "they are gone";
  good.user->wireClosed("reset");
}

TEST_F(ReviewTest, oneLineTellsOfAll) {
  open();
  for (int at = 0; at < 20; ++at) connected("dev-" + std::to_string(at));
  testing::internal::CaptureStderr();
  EXPECT_EQ(reviewAgainst("dev", "unknown_ca"), 20u);
  const std::string log = testing::internal::GetCapturedStderr();
  EXPECT_EQ(std::count(log.begin(), log.end(), '\n'), 1) << log;
  EXPECT_THAT(log, testing::AllOf(HasSubstr("sessions ended"), HasSubstr("sessions=20"), HasSubstr("results=\"unknown_ca 20\""),
                                  HasSubstr("reason="), HasSubstr("fix=")));
}

TEST_F(ReviewTest, theLineCallsDevicesAsPeopleDo) {
  open();
  const std::string id(128, 'a');
  base::nameDevices([&id](std::string_view device) { return device == id ? "press-7" : ""; });
  connected(id);
  connected(std::string(128, 'b'));
  testing::internal::CaptureStderr();
  EXPECT_EQ(reviewAgainst(""), 2u);
  base::nameDevices({});
  // They are in no order.
  EXPECT_THAT(testing::internal::GetCapturedStderr(), testing::AnyOf(HasSubstr("devices=\"press-7 bbbbbbbb…bbbb\""), HasSubstr("devices=\"bbbbbbbb…bbbb press-7\"")));
}

TEST_F(ReviewTest, aReviewThatEndsNobodyIsSilent) {
  open();
  connected("good");
  testing::internal::CaptureStderr();
  reviewAgainst("bad");
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

}  // namespace
}  // namespace spheregate::relay
