#include "device_text.hpp"

#include <gmock/gmock.h>

namespace spheregate::app {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::Not;

json refused(const std::string& id) {
  return {{"id", id}, {"state", "refused"}, {"last_refusal", {{"result", "bad_name"}, {"reason", "why"}, {"last", "2026-11-26T04:47:22Z"}}}};
}

TEST(DeviceTable, isNotPushedApartByALongNameInAStrangersCertificate) {
  const std::string name = "somebody's " + std::string(200, 'x') + " certificate";
  const std::string text = deviceTable(json::array({refused(name), refused("pump")}));
  EXPECT_THAT(text, HasSubstr("somebody's xxxxxxxxx…tificate  refused"));
  EXPECT_THAT(text, HasSubstr("\npump                           refused"));
}

TEST(DeviceTable, saysThatThereIsNone) { EXPECT_EQ(deviceTable(json::array()), "no device, as far as was asked for\n"); }

TEST(DeviceTable, doesNotTakeARefusalForASighting) {
  json device = refused("pump");
  device["last_seen"] = "2026-11-20T00:00:00Z";
  EXPECT_THAT(deviceTable(json::array({device})), HasSubstr("2026-11-20T00:00:00Z"));
  EXPECT_THAT(deviceTable(json::array({device})), Not(HasSubstr("2026-11-26T04:47:22Z")));
}

TEST(DeviceText, saysWhereANameIsOnlyClaimed) {
  json device = refused("pump");
  device["refusals"] = {{{"stage", "tls"}, {"result", "unknown_ca"}}};
  EXPECT_THAT(deviceText(device), HasSubstr("it need not be the device"));
  device["refusals"][0]["stage"] = "connect";
  EXPECT_THAT(deviceText(device), Not(HasSubstr("it need not be the device")));
}

TEST(DeviceText, doesNotDoubtADeviceWhoseCertificateIsGood) {
  json device = refused("pump");
  device["refusals"] = {{{"stage", "tls"}, {"result", "denied"}}, {{"stage", "tls"}, {"result", "not_allowed"}}};
  EXPECT_THAT(deviceText(device), Not(HasSubstr("it need not be the device")));
}

TEST(DeviceTable, saysThatOnlyARefusalOfNowIsShown) { EXPECT_THAT(deviceTable(json::array({refused("pump")})), HasSubstr("  REFUSED NOW\n")); }

TEST(StatusText, saysItselfWhatToDoAboutWhoHasNoName) {
  json status{{"ready", true}, {"refusals", {{{"source", "10.0.0.9"}, {"count", 1}, {"last", "t"}, {"result", "no_certificate"}, {"reason", "why"}, {"fix", "how"}}}}};
  EXPECT_THAT(statusText(status), HasSubstr("\nrefused lately\nt  10.0.0.9  1x  no_certificate: why\n    to do: how\n"));
  status["refusals"].push_back({{"device", "pump"}, {"count", 2}, {"last", "t"}, {"result", "denied"}, {"reason", "because"}, {"fix", "otherwise"}});
  EXPECT_THAT(statusText(status), HasSubstr("\nrefused lately; `spheregate devices show ID` says what to do\n"));
  EXPECT_THAT(statusText(status), HasSubstr("no_certificate: why\n    to do: how\nt  pump      2x  denied: because\n"));
  EXPECT_THAT(statusText(status), Not(HasSubstr("otherwise")));
}

TEST(StatusText, saysWhatSomebodyShouldLookAfter) {
  const json ca{{"sha256", "73aafb86ac4468219fc7"}, {"tenant_id", "6f1c2a34"}, {"not_after", 86400}, {"devices_seen", 3}, {"connected", 1}};
  json status{{"ready", true}, {"tenant_cas", {ca}}, {"configuration", {{"problem", "gw.yaml:8:1: lisn: unknown key"}, {"restart_needed", {"listen.port"}}}},
              {"clock", {{"behind", true}, {"certificates_judged_by", 86401}}}, {"state", {{"usable", false}, {"fault", "the disk is full"}}}};
  const std::string text = statusText(status);
  EXPECT_THAT(text, HasSubstr("tenant CA       73aafb86ac44  6f1c2a34, EXPIRED on 1970-01-02, 3 seen, 1 connected\n"));
  EXPECT_THAT(text, HasSubstr("NOT RELOADED    gw.yaml:8:1: lisn: unknown key;"));
  EXPECT_THAT(text, HasSubstr("RESTART NEEDED  these keys were changed and are not in effect: listen.port\n"));
  EXPECT_THAT(text, HasSubstr("CLOCK BEHIND    "));
  EXPECT_THAT(text, HasSubstr("STATE UNUSABLE  the disk is full\n"));
  EXPECT_THAT(statusText({{"ready", true}}), Not(HasSubstr("NOT RELOADED")));
}

}  // namespace
}  // namespace spheregate::app
