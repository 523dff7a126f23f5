#include "spheregate/steward/wishes.hpp"

#include <gmock/gmock.h>

#include <string>

namespace spheregate::steward {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

Judged judged(std::string_view section, const Wishes& before = {}) { return judge(section, before).value(); }

int codeOf(std::string_view section) { return judged(section).verdicts.at(0).code; }

std::string ids(int count) {
  std::string list;
  for (int number = 0; number < count; ++number) list += (number > 0 ? ",\"d" : "\"d") + std::to_string(number) + "\"";
  return R"({"denyList":[)" + list + "]}";
}

TEST(Wishes, areReadKeyByKey) {
  const Judged all = judged(R"({"denyList":["b","a","b"],"logLevel":"warn","messageTtl":3600,"drainRate":2.5})");
  EXPECT_THAT(all.wishes.denyList, ElementsAre("a", "b"));
  EXPECT_EQ(all.wishes.logLevel, base::LogLevel::warn);
  EXPECT_EQ(all.wishes.messageTtl, std::chrono::hours{1});
  EXPECT_EQ(all.wishes.drainRate, 2.5);
  EXPECT_THAT(all.verdicts, ElementsAre(Verdict{"denyList", 200, ""}, Verdict{"drainRate", 200, ""}, Verdict{"logLevel", 200, ""},
                                        Verdict{"messageTtl", 200, ""}));
}

TEST(Wishes, whatIsNotThereIsAsConfigured) {
  const Wishes before = judged(R"({"denyList":["a"],"logLevel":"warn"})").wishes;
  for (const char* section : {"", "{}", R"({"denyList":null,"logLevel":null})"}) {
    EXPECT_EQ(judged(section, before).wishes, Wishes{}) << section;
    EXPECT_THAT(judged(section, before).verdicts, IsEmpty()) << section;
  }
}

TEST(Wishes, whatIsWrongLeavesWhatWasInForce) {
  const Wishes before = judged(R"({"denyList":["a"],"logLevel":"warn","messageTtl":5,"drainRate":1})").wishes;
  const Judged now = judged(R"({"denyList":"a","logLevel":"loud","messageTtl":1.5,"drainRate":-1})", before);
  EXPECT_EQ(now.wishes, before);
  EXPECT_THAT(now.verdicts, testing::Each(Field(&Verdict::code, 400)));
  EXPECT_EQ(judged(R"({"denyList":["a","b/c"]})", before).wishes.denyList, before.denyList) << "a key is taken as a whole or not";
}

TEST(Wishes, hostileValuesAreRefused) {
  for (const char* wrong :
       {R"({"denyList":{}})", R"({"denyList":[1]})", R"({"denyList":[""]})", R"({"denyList":["a b"]})", R"({"denyList":[["a"]]})",
        R"({"denyList":[null]})", R"({"logLevel":1})", R"({"logLevel":"silent"})", R"({"logLevel":["info"]})", R"({"messageTtl":-1})",
        R"({"messageTtl":"7d"})", R"({"messageTtl":18446744073709551615})", R"({"messageTtl":1e3})", R"({"messageTtl":315360001})",
        R"({"messageTtl":true})", R"({"drainRate":"5"})", R"({"drainRate":1e300})", R"({"drainRate":null2})"}) {
    const auto found = judge(wrong, {});
    if (!found) continue;  // no JSON at all
    ASSERT_THAT(found->verdicts, SizeIs(1)) << wrong;
    EXPECT_EQ(found->verdicts[0].code, 400) << wrong;
    EXPECT_EQ(found->wishes, Wishes{}) << wrong;
  }
  EXPECT_EQ(codeOf(R"({"messageTtl":0})"), 200);
  EXPECT_EQ(codeOf(R"({"messageTtl":315360000})"), 200);
  EXPECT_EQ(codeOf(R"({"drainRate":0})"), 200);
  EXPECT_EQ(codeOf(R"({"denyList":[]})"), 200);
  EXPECT_EQ(codeOf(R"({"denyList":["a","a"],"denyList":["b"]})"), 200);
}

TEST(Wishes, aHundredThousandIdsAreTooMany) {
  EXPECT_EQ(codeOf(ids(1000)), 200);
  EXPECT_EQ(codeOf(ids(1001)), 400);
  EXPECT_THAT(judged(ids(100'000)).verdicts[0].why, HasSubstr("100000 ids"));
}

TEST(Wishes, unknownKeysAreAnsweredUpToALimit) {
  EXPECT_THAT(judged(R"({"colour":"red"})").verdicts, ElementsAre(Verdict{"colour", 400, "unknown key"}));
  std::string many = "{";
  for (int number = 0; number < 1000; ++number) many += (number > 0 ? ",\"k" : "\"k") + std::to_string(number) + "\":1";
  EXPECT_THAT(judged(many + "}").verdicts, SizeIs(kUnknownKeysMax));
  const std::string tooLong = "{\"" + std::string(65, 'k') + "\":1}";
  for (const std::string& unsayable : {std::string{R"({"a.b":1,"$c":1,"d e":1,"":1,"#":1,"\u0001":1,"ü":1})"}, tooLong,
                                       std::string{R"({"version":"1","lastError":2,"startedAt":3})"}}) {
    EXPECT_THAT(judged(unsayable).verdicts, IsEmpty()) << unsayable;
  }
}

TEST(Wishes, somethingElseThanAnObjectIsNoWish) {
  for (const char* wrong : {"null", "[]", "\"x\"", "1", "{", "{\"a\":", "\xff"}) EXPECT_FALSE(judge(wrong, {})) << wrong;
}

TEST(Wishes, surviveTheStore) {
  const Wishes all = judged(R"({"denyList":["b","a"],"logLevel":"debug","messageTtl":0,"drainRate":0.5})").wishes;
  EXPECT_EQ(readWishes(text(all)), all);
  EXPECT_EQ(readWishes(text({})), Wishes{});
  EXPECT_EQ(readWishes("torn {"), Wishes{});
}

}  // namespace
}  // namespace spheregate::steward
