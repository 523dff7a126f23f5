#include "spheregate/hub/username.hpp"

#include <gtest/gtest.h>

#include <string>

namespace spheregate::hub {
namespace {

boost::system::error_code problemWith(std::string_view text) {
  const auto username = parseUsername(text);
  return username ? boost::system::error_code{} : username.error();
}

TEST(Username, ofADeviceIsReadInPlace) {
  const std::string text =
      "gateway.plant.example/leaf1/"
      "?api-version=2020-09-30&DeviceClientType=iothubclient%2F1.15.0%20(native)&model-id=dtmi%3Ax%3By";
  const auto username = parseUsername(text);
  ASSERT_TRUE(username) << username.error().message();
  EXPECT_EQ(username->host, "gateway.plant.example");
  EXPECT_EQ(username->deviceId, "leaf1");
  EXPECT_EQ(username->moduleId, "");
  EXPECT_EQ(username->query, text.substr(text.find('?') + 1));
  EXPECT_EQ(username->host.data(), text.data());
  EXPECT_EQ(hubUsername(username->host, username->deviceId, username->query), text);
}

TEST(Username, ofAModuleNamesIt) {
  const auto username = parseUsername("hub/edge1/$edgeHub/?api-version=2021-04-12");
  ASSERT_TRUE(username);
  EXPECT_EQ(username->deviceId, "edge1");
  EXPECT_EQ(username->moduleId, "$edgeHub");
  EXPECT_EQ(username->query, "api-version=2021-04-12");
}

TEST(Username, oldFormHasNoQuestionMark) {
  const auto device = parseUsername("hub/leaf1/api-version=2016-11-14&DeviceClientType=a/b");
  ASSERT_TRUE(device);
  EXPECT_EQ(device->deviceId, "leaf1");
  EXPECT_EQ(device->moduleId, "");
  EXPECT_EQ(device->query, "api-version=2016-11-14&DeviceClientType=a/b");
  const auto module = parseUsername("hub/leaf1/m1/api-version=2016-11-14");
  ASSERT_TRUE(module);
  EXPECT_EQ(module->moduleId, "m1");
  EXPECT_EQ(module->query, "api-version=2016-11-14");
}

TEST(Username, mayHoldQuestionMarksAndSlashesInOddPlaces) {
  const auto oddId = parseUsername("hub/?leaf?/?api-version=1");
  ASSERT_TRUE(oddId);
  EXPECT_EQ(oddId->deviceId, "?leaf?");
  EXPECT_EQ(oddId->query, "api-version=1");
  const auto rawQuery = parseUsername("hub/leaf1/?api-version=1&model-id=dtmi:x;1&DeviceClientType=node/1/?x");
  ASSERT_TRUE(rawQuery);
  EXPECT_EQ(rawQuery->moduleId, "");
  EXPECT_EQ(rawQuery->query, "api-version=1&model-id=dtmi:x;1&DeviceClientType=node/1/?x");
}

TEST(Username, saysWhatIsMissing) {
  EXPECT_EQ(problemWith(""), UsernameErrc::empty);
  EXPECT_EQ(problemWith("hub"), UsernameErrc::noDevice);
  EXPECT_EQ(problemWith("hub/"), UsernameErrc::noDevice);
  EXPECT_EQ(problemWith("hub//?api-version=1"), UsernameErrc::noDevice);
  EXPECT_EQ(problemWith("hub/leaf 1/?api-version=1"), UsernameErrc::badDevice);
  EXPECT_EQ(problemWith("hub/" + std::string(129, 'a') + "/?api-version=1"), UsernameErrc::badDevice);
  EXPECT_EQ(problemWith("hub/leaf1/m 1/?api-version=1"), UsernameErrc::badDevice);
  EXPECT_EQ(problemWith("hub/leaf1//?api-version=1"), UsernameErrc::badDevice);
  EXPECT_EQ(problemWith("hub/leaf1"), UsernameErrc::noApiVersion);
  EXPECT_EQ(problemWith("hub/leaf1/"), UsernameErrc::noApiVersion);
  EXPECT_EQ(problemWith("hub/leaf1/?"), UsernameErrc::noApiVersion);
  EXPECT_EQ(problemWith("hub/leaf1/?xapi-version=1&api-versions=2"), UsernameErrc::noApiVersion);
  EXPECT_EQ(problemWith("hub/leaf1?api-version=1"), UsernameErrc::noApiVersion);
}

TEST(Username, takesApiVersionAnywhereInTheQuery) {
  EXPECT_TRUE(parseUsername("hub/leaf1/?x=1&api-version=2021-04-12"));
  EXPECT_TRUE(parseUsername("hub/leaf1/?api%2Dversion=2021-04-12"));
  EXPECT_TRUE(parseUsername("hub/leaf1/?api-version"));
}

TEST(Username, isBounded) {
  std::string text = "hub/leaf1/?api-version=1&x=";
  text.append(kUsernameBytesMax - text.size(), 'x');
  EXPECT_TRUE(parseUsername(text));
  EXPECT_EQ(problemWith(text + "x"), UsernameErrc::tooLong);
}

TEST(Username, mayCarryWhatSdksSend) {
  for (const char* query : {"api-version=2020-09-30&DeviceClientType=iothubclient%2F1.15.0%20(native%3B%20Linux%3B%20x86_64)",
                            "api-version=2021-04-12&model-id=dtmi:com:x:y;1&DeviceClientType=azure-iot-device%2F1.18.3%20(node%20v18)",
                            "api-version=2019-10-01&DeviceClientType=py-azure-iot-device%2F2.12.0&model-id=dtmi%3Acom%3Ax%3By%3B1",
                            "api-version=2020-09-30", "api-version=2021-04-12&&x&y=", "api-version=1&DeviceClientType=gr\u00fcn"}) {
    EXPECT_TRUE(parseUsername(std::string{"gateway/leaf1/?"} + query)) << query;
  }
}

TEST(Username, holdsNothingThatTwoReadersReadInTwoWays) {
  for (const char* query : {"auth-chain=leaf1%", "auth-chain=%zz", "auth%2-chain=x", "x=a b", "x=\r\n", "x=\x1b[31m", "x=\xc2\x9b",
                            "x=\u202e", "x=\xff", "auth%00-chain=x", "%20auth-chain=x", "auth-chain%0a=x"}) {
    EXPECT_EQ(problemWith(std::string{"hub/leaf1/?api-version=1&"} + query), UsernameErrc::badQuery) << query;
    EXPECT_EQ(problemWith(std::string{"hub/leaf1/?"} + query + "&api-version=1"), UsernameErrc::badQuery) << query;
  }
}

TEST(QueryKey, isFoundInAnyDisguise) {
  for (const char* query : {"auth-chain=x", "a=1&Auth-Chain=x", "auth%2dchain", "%41UTH-CHAIN=", "auth-chain=%", "a&auth-chain=x&b"}) {
    EXPECT_TRUE(hasQueryKey(query, "auth-chain")) << query;
  }
  EXPECT_FALSE(hasQueryKey("auth-chain2=x&a=auth-chain&model-id=dtmi:x;1&%=1", "auth-chain"));
}

TEST(Username, everyReasonHasItsOwnWords) {
  std::string seen;
  for (const auto reason : {UsernameErrc::empty, UsernameErrc::noDevice, UsernameErrc::badDevice, UsernameErrc::noApiVersion,
                            UsernameErrc::tooLong, UsernameErrc::badQuery}) {
    const auto code = make_error_code(reason);
    EXPECT_STREQ(code.category().name(), "spheregate.username");
    EXPECT_EQ(seen.find(code.message()), std::string::npos);
    seen += code.message();
  }
}

TEST(QueryValue, isDecodedAndTheFirstWins) {
  const std::string_view query = "api-version=2021-04-12&model-id=dtmi%3Acom%3Ax%3B1&a%62=1&ab=2&flag&empty=&broken=%2&plus=a+b";
  EXPECT_EQ(queryValue(query, "api-version"), "2021-04-12");
  EXPECT_EQ(queryValue(query, "model-id"), "dtmi:com:x;1");
  EXPECT_EQ(queryValue(query, "ab"), "1");
  EXPECT_EQ(queryValue(query, "flag"), "");
  EXPECT_EQ(queryValue(query, "empty"), "");
  EXPECT_EQ(queryValue(query, "plus"), "a+b");
  EXPECT_FALSE(queryValue(query, "broken"));
  EXPECT_FALSE(queryValue(query, "absent"));
  EXPECT_FALSE(queryValue("", "absent"));
  EXPECT_FALSE(queryValue("&&", ""));
}

TEST(HubUsername, carriesTheDevicesOwnQuery) {
  EXPECT_EQ(hubUsername("contoso.azure-devices.net", "leaf1", kDefaultQuery),
            "contoso.azure-devices.net/leaf1/?api-version=2021-04-12");
}

}  // namespace
}  // namespace spheregate::hub
