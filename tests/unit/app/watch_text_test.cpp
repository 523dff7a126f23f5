#include "watch_text.hpp"

#include <gmock/gmock.h>

namespace spheregate::app {
namespace {

using nlohmann::json;
using std::chrono::seconds;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

const std::chrono::system_clock::time_point kNow{seconds{1'795'680'000}};  // 2026-11-26T08:00:00Z

json statusOf(std::uint64_t accepted, std::uint64_t delivered, int devices = 0) {
  json status{{"version", "1"}, {"ready", true}, {"hub", "h"}, {"uplink", {{"connected", true}, {"sessions", 2}, {"condition", "fair"}}},
              {"queue", {{"accepted", accepted}, {"delivered", delivered}, {"queued", accepted - delivered}, {"disk_bytes", 2048}}},
              {"devices_connected", devices}, {"devices_total", devices}, {"devices", json::array()}};
  for (int number = 0; number < devices; ++number) {
    status["devices"].push_back({{"id", "d" + std::to_string(number)}, {"state", number == 3 ? "refused" : "connected"}, {"queue", {{"queued", number == 5 ? 9 : 0}}}});
  }
  return status;
}

std::string joined(const std::vector<std::string>& lines) {
  std::string all;
  for (const std::string& line : lines) all += line + "\n";
  return all;
}

TEST(WatchText, countsRatesItselfWhereTheGatewayDoesNot) {
  WatchText text;
  EXPECT_THAT(joined(text.lines(statusOf(100, 90), kNow, 0)), Not(HasSubstr("rates ")));
  EXPECT_THAT(joined(text.lines(statusOf(120, 95), kNow + seconds{2}, 0)), HasSubstr("rates           10.0/s accepted, 2.5/s delivered"));
  EXPECT_THAT(joined(text.lines(statusOf(3, 3), kNow + seconds{4}, 0)), Not(HasSubstr("rates "))) << "it was restarted";
  json told = statusOf(4, 3);
  told["rates"] = {{"accepted_per_second", 7.25}, {"delivered_per_second", 1.0}};
  EXPECT_THAT(joined(text.lines(told, kNow + seconds{6}, 0)), HasSubstr("7.2/s accepted, 1.0/s delivered"));
}

TEST(WatchText, showsWhatTheStatusHas) {
  json status = statusOf(20, 10);
  status["hostname"] = "gw.example";
  status["started"] = "2026-11-26T06:30:00Z";
  status["uplink"]["connected"] = false;
  status["uplink"]["since"] = "2026-11-26T07:59:00Z";
  status["uplink"]["last_error"] = "no route";
  status["queue"]["bytes"] = 1536;
  status["queue"]["limit_bytes"] = 4096;
  status["queue"]["oldest_age_seconds"] = 90.4;
  status["certificates"] = {{{"name", "tenant CA"}, {"expires", "2027-01-01T00:00:00Z"}, {"days_left", 36}},
                            {{"name", "server"}, {"expires", "2026-12-01T00:00:00Z"}, {"days_left", 5}}};
  status["configuration"] = {{"restart_needed", {"listen.port"}}};
  const std::string page = joined(WatchText{}.lines(status, kNow, 0));
  EXPECT_THAT(page, AllOf(HasSubstr("08:00:00        spheregate 1, ready, up for 1 h 30 min, gw.example\n"),
                          HasSubstr("uplink          h: NOT CONNECTED for 1 min; no route\n"),
                          HasSubstr("queue           10 messages, 1.5 KiB, the oldest for 1 min 30 s; the store takes 2.0 KiB of 4.0 KiB of the disk\n"),
                          HasSubstr("certificates    5 days left, until 2026-12-01: server\n                36 days left, until"), HasSubstr("RESTART NEEDED  ")));
}

TEST(WatchText, beginsTheNamesOfCertificatesWithWhatDiffers) {
  json status = statusOf(0, 0);
  status["certificates"] = {{{"name", "tenant CA C=US, ST=Washington, CN=Microsoft Azure Sphere 6f1c, OU=x"}, {"expires", "2027-01-01T00:00:00Z"}, {"days_left", 36}},
                            {{"name", "server CN=gw.example"}, {"expires", "2027-02-01T00:00:00Z"}, {"days_left", 67}},
                            {{"name", "C=US, CN=Line 7"}, {"expires", "2027-03-01T00:00:00Z"}, {"days_left", 95}}};
  const std::string page = joined(WatchText{}.lines(status, kNow, 0));
  EXPECT_THAT(page, AllOf(HasSubstr(": tenant CA CN=Microsoft Azure Sphere 6f1c, C=US, ST=Washington, OU=x\n"), HasSubstr(": server CN=gw.example\n"),
                          HasSubstr(": CN=Line 7, C=US\n")));
}

TEST(WatchText, keepsToTheWindowAndPutsFirstWhatMatters) {
  json status = statusOf(9, 0, 40);
  for (int number = 0; number < 30; ++number) status["refusals"].push_back({{"last", "2026-11-26T07:00:00Z"}, {"device", "x"}, {"count", 1}, {"result", "r"}, {"reason", "why"}, {"fix", "how"}});
  for (const std::size_t rows : {5u, 8u, 12u, 24u, 60u}) {
    WatchText text;
    EXPECT_LE(text.lines(status, kNow, rows).size(), std::max<std::size_t>(rows, 7)) << rows;
  }
  WatchText text;
  const std::string page = joined(text.lines(status, kNow, 40));
  EXPECT_LT(page.find("\nd5 "), page.find("\nd3 ")) << "what has most queued, then who was refused";
  EXPECT_LT(page.find("\nd3 "), page.find("\nd0 "));
  EXPECT_THAT(page, AllOf(HasSubstr("r: why; how"), HasSubstr(" more; `spheregate devices` shows all")));
}

TEST(WatchText, saysThatNobodyAnswersAndWhenItIsOver) {
  WatchText text;
  EXPECT_THAT(joined(text.silence("no gateway serves /run/x", kNow)), AllOf(HasSubstr("waiting for the gateway"), HasSubstr("no gateway serves /run/x")));
  EXPECT_THAT(joined(text.lines(statusOf(1, 1), kNow, 0)), HasSubstr("; answers again"));
  (void)text.silence("gone", kNow + seconds{10});
  EXPECT_THAT(joined(text.silence("gone", kNow + seconds{20})), HasSubstr("THE GATEWAY DOES NOT ANSWER since 2026-11-26T08:00:10Z"));
}

TEST(WatchText, putsUpWithAnythingThatIsJson) {
  for (const char* odd : {"{}", "{\"queue\":{\"oldest_age_seconds\":null}}", "{\"uplink\":{\"since\":\"yesterday\"}}", "{\"certificates\":[{}]}"}) {
    WatchText text;
    EXPECT_FALSE(text.lines(json::parse(odd), kNow, 24).empty()) << odd;
  }
}

}  // namespace
}  // namespace spheregate::app
