#include "spheregate/hub/twin_patch.hpp"

#include <gtest/gtest.h>

#include <string>

namespace spheregate::hub {
namespace {

std::string repeated(const std::string& text, int times) {
  std::string made;
  for (int n = 0; n < times; ++n) made += text;
  return made;
}

std::string nested(int levels) { return repeated("{\"a\":", levels) + "1" + repeated("}", levels); }

TEST(TwinPatch, takesWhatTheHubTakes) {
  for (const std::string& patch :
       {std::string{"{}"}, std::string{" {\"a\" : 1}\r\n"}, std::string{R"({"a":null,"b":{"c":null},"d":[1,"x",true,1.5e300,{"e":null}]})"},
        std::string{R"({"a":4503599627370495,"b":-4503599627370496})"}, R"({"a":")" + std::string(4096, 'x') + "\"}",
        "{\"" + std::string(1024, 'k') + "\":1}", nested(10), std::string{R"({"größe":"\u0000"})"}, std::string{R"({"[[[[[[[[[[[[[[[[":"{{{{{{{{{{{{{{\""})"}}) {
    EXPECT_FALSE(reportedPatchFault(patch)) << patch.substr(0, 60) << ": " << reportedPatchFault(patch).value_or("");
  }
}

TEST(TwinPatch, refusesWhatTheHubRefuses) {
  for (const std::string& patch :
       {std::string{""}, std::string{" "}, std::string{"1"}, std::string{"[]"}, std::string{"null"}, std::string{"{\"a\":1}}"},
        std::string{"{\"a\":1"}, std::string{"{a:1}"}, std::string{"{\"a\":NaN}"}, std::string{"{\"a\":1e999}"}, std::string{"{\"a\":\"\xFF\"}"},
        std::string{R"({"":1})"}, std::string{R"({"a.b":1})"}, std::string{R"({"$version":1})"}, std::string{R"({"a b":1})"},
        std::string{R"({"a#":1})"}, std::string{R"({"a\u0001":1})"}, std::string{R"({"a":[null]})"}, std::string{R"({"a":[[1,null]]})"},
        std::string{R"({"a":4503599627370496})"}, std::string{R"({"a":-4503599627370497})"}, std::string{R"({"a":18446744073709551615})"},
        R"({"a":")" + std::string(4097, 'x') + "\"}", "{\"" + std::string(1025, 'k') + "\":1}", nested(11)}) {
    EXPECT_TRUE(reportedPatchFault(patch)) << patch.substr(0, 60);
  }
}

TEST(TwinPatch, countsNamesAndValuesButNotWhiteSpace) {
  std::string patch = "{";
  for (int n = 0; n < 8; ++n) patch += "\"k" + std::to_string(n) + "\":\"" + std::string(4094, 'x') + "\",";
  patch.back() = '}';
  EXPECT_FALSE(reportedPatchFault(patch)) << "32 KB sharp";
  patch.back() = ',';
  EXPECT_TRUE(reportedPatchFault(patch + "\"z\":null}"));
  EXPECT_FALSE(reportedPatchFault(std::string(100'000, ' ') + "{}"));
  EXPECT_TRUE(reportedPatchFault(std::string(200'000, ' ') + "{}"));
}

TEST(TwinPatch, hostileTextDoesNotMakeItRecurse) {
  EXPECT_TRUE(reportedPatchFault(std::string(130'000, '[')));
  EXPECT_TRUE(reportedPatchFault(repeated("{\"a\":", 25'000)));
  EXPECT_TRUE(reportedPatchFault("{\"a\":\"" + std::string(1, '\\')));
  EXPECT_TRUE(reportedPatchFault(std::string(100, ']') + std::string(1000, '[')));
  EXPECT_TRUE(reportedPatchFault(std::string("{\"a\\\":") + std::string(1000, '[')));
}

TEST(TwinPatch, aFaultCanStandInJson) {
  for (const char* patch : {"", "1", R"({"a\"b.":1})", R"({"a":[null]})"}) {
    const auto fault = reportedPatchFault(patch);
    ASSERT_TRUE(fault);
    EXPECT_EQ(fault->find_first_of("\"\\\n"), std::string::npos) << *fault;
  }
}

}  // namespace
}  // namespace spheregate::hub
