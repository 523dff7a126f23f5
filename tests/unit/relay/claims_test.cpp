#include "claims.hpp"

#include <gmock/gmock.h>

namespace spheregate::relay {
namespace {

using testing::AllOf;
using testing::HasSubstr;

const std::string kId = std::string(124, 'a') + "0123";
const std::string kUpper = std::string(124, 'A') + "0123";

std::string fault(const std::string& clientId, const std::string& username, const std::string& id = kId, const std::string& hub = "plant.azure-devices.net") {
  mqtt::Connect connect;
  connect.clientId = clientId;
  if (!username.empty()) connect.username = username;
  std::string_view query;
  const auto found = claimFault(connect, id, hub, query);
  return found ? std::string{found->result} + ": " + found->reason + "; " + found->fix : "none, " + std::string{query};
}

TEST(Claims, thatAgreeWithTheCertificateAreNoFault) {
  EXPECT_EQ(fault(kId, ""), "none, ");
  EXPECT_EQ(fault(kId, "gw.plant.example/" + kId + "/?api-version=2020-09-30&model-id=x"), "none, api-version=2020-09-30&model-id=x");
  EXPECT_EQ(fault(kId, "PLANT.azure-devices.net/" + kId + "/?api-version=1"), "none, api-version=1");
  EXPECT_EQ(fault(kId, "10.0.0.7/" + kId + "/?api-version=1"), "none, api-version=1");
  EXPECT_EQ(fault(kId, "other.azure-devices.net/" + kId + "/?api-version=1", kId, ""), "none, api-version=1") << "DPS may assign any hub";
}

TEST(Claims, eachFaultHasItsNameAndBothValues) {
  EXPECT_THAT(fault(kUpper, ""), AllOf(HasSubstr("client_id_case: "), HasSubstr("in letter case only"), HasSubstr("AAAAAAAA…0123"), HasSubstr("aaaaaaaa…0123")));
  EXPECT_THAT(fault("pump", ""), AllOf(HasSubstr("client_id_mismatch: "), HasSubstr("`pump`"), HasSubstr(kId)));
  EXPECT_THAT(fault("", ""), HasSubstr("client_id_mismatch: the client id is empty"));
  EXPECT_THAT(fault(kId, "gw/" + kUpper + "/?api-version=1"), AllOf(HasSubstr("username_case: "), HasSubstr("in letter case only")));
  EXPECT_THAT(fault(kId, "gw/pump/?api-version=1"), AllOf(HasSubstr("username_mismatch: "), HasSubstr("`pump`"), HasSubstr(kId)));
  EXPECT_THAT(fault(kId, "gw/" + kId + "/module/?api-version=1"), AllOf(HasSubstr("username_mismatch: "), HasSubstr("`module`")));
  EXPECT_THAT(fault(kId, "gw"), HasSubstr("username_without_device: "));
  EXPECT_THAT(fault(kId, "gw/" + kId + "/"), AllOf(HasSubstr("bad_username: "), HasSubstr("no api-version")));
  EXPECT_THAT(fault(kId, "other.azure-devices.net/" + kId + "/?api-version=1"),
              AllOf(HasSubstr("other_hub: "), HasSubstr("`other.azure-devices.net`"), HasSubstr("`plant.azure-devices.net`")));
}

TEST(Claims, topicsAndFiltersSayWhoseTheyAre) {
  EXPECT_STREQ(topicFault("devices/" + kUpper + "/messages/events/", kId).result, "topic_case");
  EXPECT_STREQ(topicFault("devices/pump/messages/events/", kId).result, "other_device");
  EXPECT_THAT(topicFault("devices/pump/messages/events/", kId).reason, AllOf(HasSubstr("`pump`"), HasSubstr(kId)));
  EXPECT_STREQ(topicFault("devices/" + kId + "/other", kId).result, "unknown_topic");
  EXPECT_STREQ(topicFault("telemetry", kId).result, "unknown_topic");
  EXPECT_EQ(topicFault("telemetry", kId).fix, "publish telemetry to devices/" + kId + "/messages/events/");
  EXPECT_STREQ(filterFault("devices/" + kUpper + "/messages/devicebound/#", kId).result, "filter_case");
  EXPECT_STREQ(filterFault("devices/pump/messages/devicebound/#", kId).result, "other_device");
  EXPECT_STREQ(filterFault("#", kId).result, "unknown_filter");
}

}  // namespace
}  // namespace spheregate::relay
