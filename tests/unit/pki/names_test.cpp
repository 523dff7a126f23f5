#include "spheregate/pki/names.hpp"

#include <gmock/gmock.h>

namespace spheregate::pki {
namespace {

using testing::HasSubstr;

std::string faultOf(const std::string& hostname, std::vector<std::string> addresses = {}) {
  const auto checked = checkedNames({hostname, std::move(addresses)});
  return checked ? std::string{} : checked.error();
}

TEST(Names, aHostNeedsADotAndNothingElse) {
  EXPECT_EQ(faultOf("gateway.plant.example"), "");
  EXPECT_EQ(faultOf("192.168.1.5"), "");
  EXPECT_THAT(faultOf("gateway"), HasSubstr("`gateway` has no dot; use a name with a dot"));
  EXPECT_THAT(faultOf("gateway."), HasSubstr("is not a host name"));
  EXPECT_THAT(faultOf("https://gateway.example"), HasSubstr("is not a host name"));
  EXPECT_THAT(faultOf("gateway.example:8883"), HasSubstr("is not a host name"));
  EXPECT_THAT(faultOf("a.example,IP:1.2.3.4"), HasSubstr("is not a host name"));
  EXPECT_THAT(faultOf("*.plant.example"), HasSubstr("wildcard"));
  EXPECT_THAT(faultOf("192.168.1.500"), HasSubstr("neither an IPv4 address nor a host name"));
  EXPECT_THAT(faultOf("fd00::5"), HasSubstr("is not a host name"));
  EXPECT_THAT(faultOf(""), HasSubstr("is not a host name"));
  EXPECT_THAT(faultOf(std::string(300, 'a') + ".example"), HasSubstr("has 308 characters; use one of at most 253"));
}

TEST(Names, anAddressIsAnAddress) {
  EXPECT_EQ(faultOf("a.example", {"10.0.0.5", "fd00::5"}), "");
  EXPECT_THAT(faultOf("a.example", {"10.0.0"}), HasSubstr("`10.0.0` is not an IP address"));
  EXPECT_THAT(faultOf("a.example", {"10.0.0.5,DNS:b"}), HasSubstr("is not an IP address"));
  EXPECT_THAT(faultOf("a.example", std::vector<std::string>(17, "10.0.0.5")), HasSubstr("give at most 16"));
}

TEST(Names, eachIsThereOnceInOneForm) {
  const auto names = checkedNames({"Gateway.Plant.Example", {"10.0.0.5", "FD00::0:5", "10.0.0.5", "fd00::5"}});
  ASSERT_TRUE(names);
  EXPECT_EQ(subjectAltNames(*names), "DNS:gateway.plant.example,IP:10.0.0.5,DNS:10.0.0.5,IP:fd00::5");
  EXPECT_EQ(subjectAltNames({"10.0.0.5", {"10.0.0.6", "10.0.0.5"}}), "IP:10.0.0.6,DNS:10.0.0.6,IP:10.0.0.5,DNS:10.0.0.5");
  EXPECT_EQ(subjectAltNames({"10.0.0.5", {}}), "IP:10.0.0.5,DNS:10.0.0.5");
}

}  // namespace
}  // namespace spheregate::pki
