#include <gtest/gtest.h>

#include <string>

#include "spheregate/mqtt/decoder.hpp"
#include "spheregate/mqtt/topics.hpp"

namespace spheregate::mqtt {
namespace {

using namespace std::string_literals;

// UTF-8 of a code point, without asking whether it may be encoded.
std::string encode(unsigned point) {
  const auto tail = [point](unsigned shift) { return static_cast<char>(0x80 | (point >> shift & 0x3f)); };
  if (point < 0x80) return {static_cast<char>(point)};
  if (point < 0x800) return {static_cast<char>(0xc0 | point >> 6), tail(0)};
  if (point < 0x10000) return {static_cast<char>(0xe0 | point >> 12), tail(6), tail(0)};
  return {static_cast<char>(0xf0 | point >> 18), tail(12), tail(6), tail(0)};
}

TEST(Text, takesEveryCodePointButNulAndSurrogates) {
  for (unsigned point = 0; point <= 0x110400; ++point) {
    const bool allowed = point != 0 && (point < 0xd800 || point > 0xdfff) && point <= 0x10ffff;
    ASSERT_EQ(validString(encode(point)), allowed) << point;
  }
}

TEST(Text, refusesOverlongForms) {
  for (const std::string& text :
       {"\xc0\x80"s, "\xc0\xaf"s, "\xc1\xbf"s, "\xe0\x80\xaf"s, "\xe0\x9f\xbf"s, "\xf0\x80\x80\xaf"s, "\xf0\x8f\xbf\xbf"s}) {
    EXPECT_FALSE(validString(text)) << testing::PrintToString(text);
  }
}

TEST(Text, refusesTornAndStraySequences) {
  for (const std::string& text : {"\x80"s, "\xbf"s, "\xc3"s, "\xe2\x82"s, "\xf0\x9f\x8c"s, "\xc3("s, "\xe2\x82("s,
                                  "\xf0\x9f\x8c("s, "\xf5\x80\x80\x80"s, "\xff"s, "\xe2\x28\xa1"s}) {
    EXPECT_FALSE(validString(text)) << testing::PrintToString(text);
    EXPECT_FALSE(validString("0123456789" + text)) << testing::PrintToString(text);
  }
}

TEST(Text, findsABadByteAtEveryPosition) {
  for (std::size_t size = 1; size <= 33; ++size) {
    const std::string good(size, 'a');
    EXPECT_TRUE(validString(good));
    for (std::size_t at = 0; at < size; ++at) {
      for (const char bad : {'\x00', '\x80', '\xff'}) {
        std::string broken = good;
        broken[at] = bad;
        ASSERT_FALSE(validString(broken)) << size << " " << at;
      }
    }
  }
  EXPECT_TRUE(validString(""));
  EXPECT_TRUE(validString("\x01\x7f"));
}

TEST(Topics, namesHaveNoWildcards) {
  EXPECT_TRUE(validTopicName("a"));
  EXPECT_TRUE(validTopicName("/"));
  EXPECT_FALSE(validTopicName(""));
  EXPECT_FALSE(validTopicName("a/+"));
  EXPECT_FALSE(validTopicName("a/b#"));
}

TEST(Topics, filtersHaveWildcardsInPlace) {
  for (const char* filter : {"#", "+", "a", "/", "a/#", "a/+/b", "+/+", "/+", "a//b", "$iothub/twin/res/#"}) {
    EXPECT_TRUE(validTopicFilter(filter)) << filter;
  }
  for (const char* filter : {"", "a#", "#/a", "a/#/b", "a+", "+a", "a/b+/c", "##", "++", "a/#b"}) {
    EXPECT_FALSE(validTopicFilter(filter)) << filter;
  }
}

TEST(Topics, matchLikeTheExamplesOfTheSpecification) {
  EXPECT_TRUE(matches("sport/tennis/player1/#", "sport/tennis/player1"));
  EXPECT_TRUE(matches("sport/tennis/player1/#", "sport/tennis/player1/ranking"));
  EXPECT_TRUE(matches("sport/tennis/player1/#", "sport/tennis/player1/score/wimbledon"));
  EXPECT_TRUE(matches("sport/#", "sport"));
  EXPECT_TRUE(matches("#", "sport"));
  EXPECT_TRUE(matches("sport/tennis/+", "sport/tennis/player1"));
  EXPECT_FALSE(matches("sport/tennis/+", "sport/tennis/player1/ranking"));
  EXPECT_FALSE(matches("sport/+", "sport"));
  EXPECT_TRUE(matches("sport/+", "sport/"));
  EXPECT_TRUE(matches("+/+", "/finance"));
  EXPECT_TRUE(matches("/+", "/finance"));
  EXPECT_FALSE(matches("+", "/finance"));
  EXPECT_FALSE(matches("#", "$SYS/monitor"));
  EXPECT_FALSE(matches("+/monitor", "$SYS/monitor"));
  EXPECT_TRUE(matches("$SYS/#", "$SYS/monitor"));
  EXPECT_TRUE(matches("$SYS/+", "$SYS/monitor"));
  EXPECT_FALSE(matches("a/b", "a/b/c"));
  EXPECT_FALSE(matches("a/b/c", "a/b"));
  EXPECT_FALSE(matches("a", "A"));
  EXPECT_FALSE(matches("", "a"));
  EXPECT_FALSE(matches("a", ""));
}

}  // namespace
}  // namespace spheregate::mqtt
