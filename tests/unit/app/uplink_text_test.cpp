#include "uplink_text.hpp"

#include <gmock/gmock.h>

#include "text_lines.hpp"

namespace spheregate::app {
namespace {

using nlohmann::json;
using std::chrono::seconds;

const std::chrono::system_clock::time_point kNow{seconds{1'795'680'000}};  // 2026-11-26T08:00:00Z

json statusOf(bool connected, const char* condition, const char* error, int devices, int queued) {
  json uplink{{"connected", connected}, {"sessions", connected ? 1 : 0}, {"condition", condition}, {"since", "2026-11-26T07:59:00Z"}};
  if (*error != 0) uplink["last_error"] = error;
  return {{"hub", "h"}, {"uplink", uplink}, {"devices_connected", devices}, {"queue", {{"queued", queued}}}};
}

TEST(UplinkText, saysWhyTheHubIsNotReached) {
  EXPECT_EQ(uplinkText(statusOf(false, "fair", "the hub refused the key", 1, 0), kNow), "h: NOT CONNECTED for 1 min; the hub refused the key");
  EXPECT_EQ(uplinkText(statusOf(false, "unreachable", "no route", 0, 0), kNow), "h: NOT CONNECTED for 1 min, unreachable; no route; `spheregate check` says where the way to it ends");
  EXPECT_EQ(uplinkText(statusOf(false, "fair", "", 0, 3), kNow), "h: NOT CONNECTED for 1 min");
  EXPECT_EQ(uplinkText(statusOf(true, "throttled", "quota", 5, 0), kNow), "h: connected for 1 min, 1 link, throttled; quota");
}

TEST(UplinkText, doesNotAlarmWhereNothingIsAmiss) {
  EXPECT_EQ(uplinkText(statusOf(true, "fair", "of yesterday", 1, 0), kNow), "h: connected for 1 min, 1 link");
  EXPECT_EQ(uplinkText(statusOf(false, "fair", "", 0, 0), kNow), "h: no link, since no device is connected and nothing waits");
}

TEST(LinkText, isForPeople) {
  EXPECT_EQ(linkText({{"state", "waiting_turn"}}), "waiting for its turn");
  EXPECT_EQ(linkText({{"state", "backing_off"}, {"last_error", "no route"}}), "down, will be tried again; no route");
  EXPECT_EQ(linkText({{"state", "up"}}), "up");
}

TEST(ShortIds, inAReasonLeaveTheRestAlone) {
  const std::string id = "0123456789abcdef" + std::string(108, '7') + "cafe";
  EXPECT_EQ(shortIdsIn("the name is `" + id + "`, not `d1`"), "the name is `01234567…cafe`, not `d1`");
  EXPECT_EQ(shortIdsIn("serial 0123456789abcdef, d0"), "serial 0123456789abcdef, d0");
  EXPECT_EQ(shortIdsIn(""), "");
}

TEST(Counted, knowsOne) {
  EXPECT_EQ(counted(1, "message"), "1 message");
  EXPECT_EQ(counted(0, "message"), "0 messages");
}

}  // namespace
}  // namespace spheregate::app
