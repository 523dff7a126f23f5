#include "spheregate/base/utf8.hpp"

#include <gtest/gtest.h>

#include <string>

namespace spheregate::base {
namespace {

TEST(Utf8, readsOneCharacter) {
  const Utf8Character euro = firstCharacter("\u20acx");
  EXPECT_TRUE(euro.valid);
  EXPECT_EQ(euro.code, U'\u20ac');
  EXPECT_EQ(euro.bytes, 3u);
  EXPECT_EQ(firstCharacter("\U0001F600").code, U'\U0001F600');
  EXPECT_EQ(firstCharacter(std::string_view{"\0", 1}).code, 0u);
}

TEST(Utf8, takesBrokenBytesOneByOne) {
  for (const char* broken : {"\x80", "\xc3", "\xc0\x80", "\xe0\x80\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xf8\x88\x80\x80\x80",
                             "\xe2\x82x", "\xff"}) {
    const Utf8Character character = firstCharacter(broken);
    EXPECT_FALSE(character.valid) << static_cast<int>(broken[0]);
    EXPECT_EQ(character.bytes, 1u);
    EXPECT_EQ(character.code, static_cast<unsigned char>(broken[0]));
  }
}

TEST(Utf8, isNeverCutInsideACharacter) {
  EXPECT_EQ(clipUtf8("abc", 3), "abc");
  EXPECT_EQ(clipUtf8("abc", 2), "ab");
  EXPECT_EQ(clipUtf8("a\u20ac", 4), "a\u20ac");
  EXPECT_EQ(clipUtf8("a\u20ac", 3), "a");
  EXPECT_EQ(clipUtf8("a\u20ac", 2), "a");
  EXPECT_EQ(clipUtf8("\U0001F600x", 4), "\U0001F600");
  EXPECT_EQ(clipUtf8("\U0001F600x", 3), "");
  EXPECT_EQ(clipUtf8(std::string(10, '\x80'), 5).size(), 5u);
  EXPECT_EQ(clipUtf8("abc", 0), "");
}

TEST(Utf8, knowsWhatIsObeyed) {
  for (const char32_t code : {0x00u, 0x1bu, 0x7fu, 0x80u, 0x9bu, 0x9fu, 0x200eu, 0x200fu, 0x2028u, 0x2029u, 0x202au, 0x202eu, 0x2066u,
                              0x2069u}) {
    EXPECT_TRUE(obeyed(code)) << static_cast<unsigned>(code);
  }
  for (const char32_t code : {0x20u, 0x7eu, 0xa0u, 0xfcu, 0x200du, 0x2030u, 0x1f600u}) EXPECT_FALSE(obeyed(code));
}

}  // namespace
}  // namespace spheregate::base
