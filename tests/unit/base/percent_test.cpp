#include "spheregate/base/percent.hpp"

#include <gtest/gtest.h>

#include <string>

namespace spheregate::base {
namespace {

using namespace std::string_literals;

TEST(PercentEncoding, keepsUnreservedCharactersOnly) {
  EXPECT_EQ(percentEncode("AZaz09-._~"), "AZaz09-._~");
  EXPECT_EQ(percentEncode("application/json;charset=utf-8"), "application%2Fjson%3Bcharset%3Dutf-8");
  EXPECT_EQ(percentEncode("$.ct +#&"), "%24.ct%20%2B%23%26");
  EXPECT_EQ(percentEncode("\x00\xc3\xbf"s), "%00%C3%BF");
}

TEST(PercentEncoding, readsBothCasesAndKeepsAPlus) {
  EXPECT_EQ(percentDecode("%2f%2F+a b"), "//+a b");
  EXPECT_EQ(percentDecode("%00%ff"), "\x00\xff"s);
  EXPECT_EQ(percentDecode(""), "");
  for (const char* broken : {"%", "%2", "a%", "a%4", "%g0", "%0g", "%-1", "%%20", "% 1"})
    EXPECT_FALSE(percentDecode(broken)) << broken;
}

TEST(PercentEncoding, survivesEveryByte) {
  std::string all;
  for (int value = 0; value < 256; ++value) all += static_cast<char>(value);
  EXPECT_EQ(percentDecode(percentEncode(all)), all);
}

}  // namespace
}  // namespace spheregate::base
