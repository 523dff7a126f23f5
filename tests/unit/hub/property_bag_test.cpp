#include "spheregate/hub/property_bag.hpp"

#include <gtest/gtest.h>

#include <string>

namespace spheregate::hub {
namespace {

using namespace std::string_literals;
using Properties = std::vector<Property>;

TEST(PropertyBag, readsWhatClientsSend) {
  EXPECT_EQ(parseBag("/temp=21&%24.ct=application%2Fjson"), (Properties{{"temp", "21"}, {"$.ct", "application/json"}}));
  EXPECT_EQ(parseBag("/a=1/"), (Properties{{"a", "1"}}));
  EXPECT_EQ(parseBag("/?a=1"), (Properties{{"a", "1"}}));
  EXPECT_EQ(parseBag("a=1"), (Properties{{"a", "1"}}));
  EXPECT_EQ(parseBag("?a=1"), (Properties{{"a", "1"}}));
  // A client that does not encode: the slash inside the value is its own.
  EXPECT_EQ(parseBag("/url=http://x/y&t=12:30;$ +"), (Properties{{"url", "http://x/y"}, {"t", "12:30;$ +"}}));
  EXPECT_EQ(parseBag("/a=1//"), (Properties{{"a", "1/"}}));
}

TEST(PropertyBag, tellsAnEmptyValueFromNone) {
  EXPECT_EQ(parseBag("/a=&b"), (Properties{{"a", ""}, {"b", std::nullopt}}));
  EXPECT_EQ(parseBag("/a=b=c"), (Properties{{"a", "b=c"}}));
  EXPECT_EQ(parseBag("/=v"), (Properties{{"", "v"}}));
}

TEST(PropertyBag, isEmptyForASuffixWithoutOne) {
  for (const char* suffix : {"", "/", "//", "/?", "?", "/?/", "/&", "&&"}) EXPECT_EQ(parseBag(suffix), Properties{}) << suffix;
}

TEST(PropertyBag, keepsOrderAndDuplicates) {
  EXPECT_EQ(parseBag("/b=1&a=2&b=3"), (Properties{{"b", "1"}, {"a", "2"}, {"b", "3"}}));
}

TEST(PropertyBag, refusesBrokenEscapes) {
  EXPECT_FALSE(parseBag("/a=%2"));
  EXPECT_FALSE(parseBag("/%zz=1"));
  EXPECT_FALSE(parseBag("/good=1&bad=%"));
}

TEST(PropertyBag, survivesFormatting) {
  const Properties properties{{"$.ct", "a/b;c=d"}, {"", ""}, {"none", std::nullopt}, {"k&=?", "/\xff/"}, {"k&=?", "?"}};
  EXPECT_EQ(formatBag(properties), "%24.ct=a%2Fb%3Bc%3Dd&=&none&k%26%3D%3F=%2F%FF%2F&k%26%3D%3F=%3F");
  EXPECT_EQ(parseBag(formatBag(properties)), properties);
}

TEST(PropertyBag, takesOneMorePairWhateverTheSuffix) {
  EXPECT_EQ(withProperty("", "k", "v"), "/k=v");
  EXPECT_EQ(withProperty("/", "k", "v"), "/k=v");
  EXPECT_EQ(withProperty("/?", "k", "v"), "/?k=v");
  EXPECT_EQ(withProperty("/a=1", "mqtt-retain", "true"), "/a=1&mqtt-retain=true");
  EXPECT_EQ(withProperty("/a=1/", "mqtt-retain", "true"), "/a=1&mqtt-retain=true/");
  EXPECT_EQ(withProperty("/a=1&", "k", "v"), "/a=1&k=v");
  EXPECT_EQ(withProperty("/a=1", "$.x", "/ &"), "/a=1&%24.x=%2F%20%26");
  for (const char* suffix : {"", "/", "//", "///", "/?", "/?/", "/a", "/a=", "/a=1", "/a=1/", "/a=1//", "/a=1&", "/a=1&/", "a=1",
                             "?a=1", "/&", "/a=b/c"}) {
    auto expected = parseBag(suffix);
    ASSERT_TRUE(expected) << suffix;
    expected->push_back({"new key", "/v/"});
    EXPECT_EQ(parseBag(withProperty(suffix, "new key", "/v/")), expected) << suffix;
  }
}

TEST(PropertyBag, findsAKeyHoweverItIsWritten) {
  for (const char* suffix : {"/origin=a", "/origin", "/a=1&ORIGIN=x&b=2", "/%6frigin=a", "/%6FRIGIN", "/?origin=1", "//origin=1", "/&&origin&",
                             "/a=1&origin%00x=2", "/%20origin%20=1", "/or%09igin=1", "origin=1/", "/%2Forigin=1", "/origin=1&origin=2", "/%00origin=1", "/origin%E2%80%8B=1",
                             "/ori%ADgin=1", "/%C0%A0origin=1", "/origin//", "/%EF%BB%BForigin=1", "/origin%2F=1", "/%26origin=1", "/+origin=1"}) {
    EXPECT_EQ(mentionsProperty(suffix, "origin"), true) << suffix;
  }
  for (const char* suffix : {"", "/", "/a=origin", "/origins=1", "/origin.x=1", "/a=1&xorigin=2", "/%256frigin=1"}) {
    EXPECT_EQ(mentionsProperty(suffix, "origin"), false) << suffix;
  }
  EXPECT_EQ(mentionsProperty("/a=%zz", "origin"), std::nullopt);
  EXPECT_EQ(mentionsProperty("/%o=1&origin=1", "origin"), std::nullopt);
}

}  // namespace
}  // namespace spheregate::hub
