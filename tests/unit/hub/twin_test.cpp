#include "spheregate/hub/twin.hpp"

#include <gtest/gtest.h>

#include <string>

namespace spheregate::hub {
namespace {

using Kind = TwinDifference::Kind;

std::string repeated(const std::string& text, std::size_t times) {
  std::string made;
  for (std::size_t n = 0; n < times; ++n) made += text;
  return made;
}

std::string nested(std::size_t levels) { return repeated("{\"a\":", levels) + "1" + repeated("}", levels); }

std::string merge(std::string_view section, std::string_view patch) { return mergeReported(section, patch).value_or("(none)"); }
std::string compose(std::string_view earlier, std::string_view later) { return composePatches(earlier, later).value_or("(none)"); }
std::string difference(std::string_view from, std::string_view to) {
  const auto found = desiredDifference(from, to);
  if (!found) return "(none)";
  if (found->kind == Kind::none) return "same";
  return found->kind == Kind::versionOnly ? "version" : found->patch;
}

TEST(Twin, splitsAndJoins) {
  const auto twin = splitTwin(R"( {"reported":{"$version":7,"b":[1,{"x":null}]},"desired":{"a" : 1.0, "$version":12345678901}, "more":1}
)");
  ASSERT_TRUE(twin);
  EXPECT_EQ(twin->desired, R"({"$version":12345678901,"a":1.0})");
  EXPECT_EQ(twin->reported, R"({"$version":7,"b":[1,{"x":null}]})");
  EXPECT_EQ(twin->desiredVersion, 12345678901u);
  EXPECT_EQ(twin->reportedVersion, 7u);
  EXPECT_EQ(joinTwin(twin->desired, twin->reported), R"({"desired":{"$version":12345678901,"a":1.0},"reported":{"$version":7,"b":[1,{"x":null}]}})");
  const auto again = splitTwin(joinTwin(twin->desired, twin->reported));
  ASSERT_TRUE(again);
  EXPECT_EQ(again->desired, twin->desired);
  EXPECT_EQ(splitTwin(R"({"desired":{},"reported":{}})")->desiredVersion, 0u);
}

TEST(Twin, isNoTwinUnlessBothSectionsAreObjects) {
  for (const char* body : {"", " ", "{}", "[]", "null", "1", R"({"desired":{}})", R"({"reported":{}})", R"({"desired":{},"reported":null})",
                           R"({"desired":[],"reported":{}})", R"({"errorCode":429001,"message":"busy"})", R"({"desired":{},"reported":{})",
                           R"({"desired":{},"reported":{}}})", "{\"desired\":{\"a\":\"\xFF\"},\"reported\":{}}", R"({"desired":{"a":1e999},"reported":{}})",
                           R"({"desired":{"a":NaN},"reported":{}})", R"({"desired":{"a":01},"reported":{}})", R"({'desired':{},'reported':{}})"}) {
    EXPECT_FALSE(splitTwin(body)) << body;
  }
}

TEST(Twin, isBoundedInDepthAndSize) {
  EXPECT_TRUE(mergeReported(nested(kTwinDepthMax), "{}"));
  EXPECT_FALSE(mergeReported(nested(kTwinDepthMax + 1), "{}"));
  EXPECT_FALSE(mergeReported("{}", nested(kTwinDepthMax + 1)));
  EXPECT_FALSE(splitTwin(repeated("{\"desired\":", 50'000)));
  EXPECT_FALSE(splitTwin(repeated("[", kTwinBytesMax)));
  EXPECT_FALSE(splitTwin(joinTwin("{}", "{\"a\":\"" + std::string(kTwinBytesMax, 'x') + "\"}")));
  const std::string half = std::string(kTwinBytesMax * 2 / 3, 'x');
  EXPECT_TRUE(mergeReported("{\"a\":\"" + half + "\"}", "{\"a\":\"" + half + "\"}"));
  EXPECT_FALSE(mergeReported("{\"a\":\"" + half + "\"}", "{\"b\":\"" + half + "\"}"));
  EXPECT_FALSE(composePatches("{\"a\":\"" + half + "\"}", "{\"b\":\"" + half + "\"}"));
}

// Neither many members nor one name many times cost more than reading them.
TEST(Twin, readsManyMembers) {
  std::string many = "{";
  for (int n = 0; n < 20'000; ++n) many += "\"" + std::to_string(n) + "\":" + std::to_string(n) + ",";
  const std::string section = many + "\"x\":1}";
  EXPECT_EQ(difference(section, merge(section, "{\"x\":2}")), "{\"x\":2}");
  EXPECT_EQ(merge("{" + repeated("\"a\":1,", 40'000) + "\"a\":2}", "{}"), "{\"a\":2}");
  EXPECT_FALSE(splitTwin("{\"desired\":[" + repeated("1,", 120'000) + "1],\"reported\":{}}"));
}

TEST(Twin, mergesAsTheHubDoes) {
  EXPECT_EQ(merge(R"({"a":1,"b":{"c":2,"d":3}})", R"({"b":{"c":null,"e":[1]},"f":true})"), R"({"a":1,"b":{"d":3,"e":[1]},"f":true})");
  EXPECT_EQ(merge(R"({"a":{"b":1}})", R"({"a":5})"), R"({"a":5})");
  EXPECT_EQ(merge(R"({"a":5})", R"({"a":{"b":1,"c":null}})"), R"({"a":{"b":1}})");
  EXPECT_EQ(merge(R"({"a":[1,2]})", R"({"a":[null,{"x":null}]})"), R"({"a":[null,{"x":null}]})") << "arrays are values";
  EXPECT_EQ(merge("{}", R"({"a":null,"b":{"c":{"d":null}}})"), R"({"b":{"c":{}}})");
  EXPECT_EQ(merge(R"({"$version":3,"a":1})", R"({"$version":4,"a":2})"), R"({"$version":4,"a":2})");
  for (const char* bad : {"", "null", "[]", "1", "{", "{\"a\":}"}) {
    EXPECT_FALSE(mergeReported("{}", bad)) << bad;
    EXPECT_FALSE(mergeReported(bad, "{}")) << bad;
  }
}

TEST(Twin, namesAreComparedDecodedAndTheLastOfOneNameCounts) {
  EXPECT_EQ(merge(R"({"\u0061":1,"gr\u00f6\u00dfe":1})", R"({"a":2,"größe":2})"), R"({"a":2,"größe":2})");
  EXPECT_EQ(merge(R"({"a":1,"b":0,"a":{"x":1},"a":3})", R"({"b":1,"b":2})"), R"({"a":3,"b":2})");
  EXPECT_EQ(merge("{}", R"({"a\"\\\u0000\n":"\u0001\ud83d\ude00"})"), "{\"a\\\"\\\\\\u0000\\n\":\"\\u0001\U0001F600\"}");
}

TEST(Twin, numbersKeepTheirText) {
  const std::string numbers =
      R"({"a":1,"b":1.0,"c":-1.50,"d":1E5,"e":18446744073709551615,"f":123456789012345678901234567890,"g":-9223372036854775808,"h":0.1000000000000000055511151231257827,"i":4503599627370495})";
  EXPECT_EQ(merge(numbers, "{}"), numbers);
  EXPECT_EQ(merge("{}", numbers), numbers);
  EXPECT_EQ(difference(R"({"a":1})", R"({"a":1.0})"), R"({"a":1.0})");
  EXPECT_EQ(difference(numbers, numbers), "same");
}

TEST(Twin, composesPatches) {
  EXPECT_EQ(compose(R"({"a":1,"b":{"c":null}})", R"({"a":null,"b":{"d":2},"e":{"f":null}})"), R"({"a":null,"b":{"c":null,"d":2},"e":{"f":null}})");
  EXPECT_EQ(compose(R"({"a":{"b":1}})", R"({"a":null})"), R"({"a":null})");
  EXPECT_EQ(compose(R"({"a":{"b":1}})", R"({"a":[]})"), R"({"a":[]})");
  EXPECT_EQ(compose(R"({"$version":1,"a":1})", R"({"$version":2})"), R"({"$version":2,"a":1})");
  EXPECT_EQ(compose("{}", "{}"), "{}");
  for (const char* first : {R"({"a":null})", R"({"a":1})", R"({"a":[{}]})"}) {
    EXPECT_EQ(compose(first, R"({"a":{"b":1}})"), "(none)") << "an object in a patch would merge with what was there before";
    EXPECT_EQ(compose(first, R"({"a":{}})"), "(none)");
  }
  EXPECT_EQ(compose(R"({"x":{"a":1}})", R"({"x":{"a":{}}})"), "(none)") << "deeper too";
}

TEST(Twin, versions) {
  EXPECT_EQ(withVersion(R"({"a":1})", 5), R"({"$version":5,"a":1})");
  EXPECT_EQ(withVersion(R"({"$version":1,"$a":1})", 18446744073709551615u), R"({"$a":1,"$version":18446744073709551615})");
  EXPECT_FALSE(withVersion("[]", 5));
  EXPECT_EQ(versionOf(R"({"a":{"$version":1},"$version":0})"), 0u);
  for (const char* none : {"{}", "", "[]", R"({"$version":-1})", R"({"$version":"5"})", R"({"$version":1.0})", R"({"$version":null})",
                           R"({"$version":18446744073709551616})", R"({"$version":{}})", R"({"a":{"$version":1}})"}) {
    EXPECT_FALSE(versionOf(none)) << none;
  }
}

TEST(Twin, tellsDifferences) {
  EXPECT_EQ(difference(R"({"a":1,"$version":1})", R"({"a":1,"$version":1})"), "same");
  EXPECT_EQ(difference(R"({"a":1,"$version":1})", R"({"$version":2, "a":1})"), "version");
  EXPECT_EQ(difference(R"({"a":1})", R"({"$version":2, "a":1})"), "version");
  EXPECT_EQ(difference(R"({"a":1,"b":{"c":1,"d":{"e":1}},"$version":1})", R"({"b":{"c":1,"d":{"f":2}},"g":{},"$version":9})"),
            R"({"$version":9,"a":null,"b":{"d":{"e":null,"f":2}},"g":{}})");
  EXPECT_EQ(difference(R"({"a":{"b":1},"$version":4})", R"({"a":[1],"$version":4})"), R"({"$version":4,"a":[1]})");
  EXPECT_EQ(difference(R"({"a":1,"$version":4})", R"({"a":{"b":2}})"), R"({"a":{"b":2}})");
  EXPECT_EQ(difference(R"({"a":"\u0041"})", R"({"a":"A"})"), "same");
  EXPECT_EQ(difference(R"({"a":null})", R"({"b":{"c":null}})"), R"({"b":{}})") << "a null is no value";
  EXPECT_FALSE(desiredDifference("{}", "[]"));
  EXPECT_FALSE(desiredDifference("", "{}"));
}

}  // namespace
}  // namespace spheregate::hub
