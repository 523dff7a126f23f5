#include "spheregate/identity/aliases.hpp"

#include <gmock/gmock.h>

namespace spheregate::identity {
namespace {

using testing::HasSubstr;

const std::string kId = std::string(126, 'a') + "01";
const std::string kOther = std::string(126, 'b') + "02";

TEST(Aliases, nameADeviceAndFindItByName) {
  Aliases aliases;
  EXPECT_FALSE(aliases.add(kId, "pump-3"));
  EXPECT_FALSE(aliases.add(kOther, "Kühlhaus"));
  EXPECT_EQ(aliases.aliasOf(kId), "pump-3");
  EXPECT_EQ(aliases.idOf("Kühlhaus"), kOther);
  EXPECT_EQ(aliases.aliasOf("nobody"), "");
  EXPECT_EQ(aliases.idOf("nobody"), "");
}

TEST(Aliases, whatWouldMisleadIsRefused) {
  Aliases aliases;
  ASSERT_FALSE(aliases.add(kId, "pump"));
  const auto why = [&](const std::string& id, const std::string& alias) {
    const auto fault = aliases.add(id, alias);
    return fault ? fault->what : "";
  };
  EXPECT_THAT(why(kId, "again"), HasSubstr("has an alias already"));
  EXPECT_THAT(why(kOther, "pump"), HasSubstr("another device has this alias"));
  EXPECT_THAT(why(kOther, kId), HasSubstr("at most 64"));
  EXPECT_THAT(why(std::string(128, 'A'), "big"), HasSubstr("capital letters"));
  EXPECT_THAT(why("short", "small"), HasSubstr("128"));
  for (const char* alias : {"", "two words", "a,b", "a\"b", "a/b", "a\nb", "a\xff", "a=b", "a\u202e"}) EXPECT_NE(why(kOther, alias), "") << alias;
  EXPECT_EQ(aliases.size(), 1u);
  Aliases any{NameRule::any};
  EXPECT_FALSE(any.add("Pump,1", "p"));
  const auto fault = any.add("other", "Pump,1");
  EXPECT_TRUE(fault && fault->ofAlias);
}

TEST(Aliases, linesOfAFileWithTheirMistakes) {
  Aliases aliases;
  EXPECT_TRUE(aliases.addLines("\xEF\xBB\xBFid,alias\r\n# the north side\r\n" + kId + ", pump-3 # by the door\r\n\r\n\"" + kOther + "\",\"fan\"", "f"));
  EXPECT_EQ(aliases.aliasOf(kId), "pump-3");
  EXPECT_EQ(aliases.aliasOf(kOther), "fan");
  EXPECT_THAT(Aliases{}.addLines(kId + ",a\nnonsense\n", "f").error(), HasSubstr("f:2: there is no comma"));
  EXPECT_THAT(Aliases{}.addLines(kId + ",a\n" + kId + ",b\n", "f").error(), HasSubstr("f:2: this device has an alias already"));
  Aliases any{NameRule::any};
  EXPECT_TRUE(any.addLines("a,b,c\n", "f"));
  EXPECT_EQ(any.aliasOf("a,b"), "c");
}

}  // namespace
}  // namespace spheregate::identity
