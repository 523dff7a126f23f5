#include "spheregate/tls/key_name.hpp"

#include <gtest/gtest.h>

#include <string>

namespace spheregate::tls {
namespace {

std::string faultOf(const std::string& text) {
  const auto name = keyName(text);
  return name ? std::string{} : name.error();
}

TEST(KeyName, isAPathUnlessItSaysOtherwise) {
  const auto name = keyName("/etc/spheregate/tls/server.key?x");
  ASSERT_TRUE(name);
  EXPECT_EQ(name->place, KeyName::Place::file);
  EXPECT_EQ(name->address, "/etc/spheregate/tls/server.key?x");
}

TEST(KeyName, takesAPkcs11UriApart) {
  const auto name = keyName(
      "pkcs11:token=The%20Gateway;object=server;type=private?module-path=/usr/lib/softhsm/libsofthsm2.so&pin-source=file:/etc/pin");
  ASSERT_TRUE(name) << name.error();
  EXPECT_EQ(name->place, KeyName::Place::pkcs11);
  EXPECT_EQ(name->address, "pkcs11:token=The%20Gateway;object=server;type=private");
  EXPECT_EQ(name->token, "The Gateway");
  EXPECT_EQ(name->object, "server");
  EXPECT_EQ(name->module, "/usr/lib/softhsm/libsofthsm2.so");
  EXPECT_EQ(name->pinFile, "/etc/pin");
  EXPECT_EQ(keyName("pkcs11:serial=1;id=%0A%ff")->object, "id 0aff");
  EXPECT_EQ(keyName("pkcs11:object=a?pin-source=file:///etc/pin")->pinFile, "/etc/pin");
}

TEST(KeyName, takesAPersistentHandle) {
  const auto name = keyName("handle:0x81000001?pin-source=/etc/pin");
  ASSERT_TRUE(name) << name.error();
  EXPECT_EQ(name->place, KeyName::Place::tpm);
  EXPECT_EQ(name->address, "handle:0x81000001");
  EXPECT_EQ(name->pinFile, "/etc/pin");
}

TEST(KeyName, saysWhatIsWrong) {
  for (const char* text : {"handle:", "handle:0x", "handle:0x01000001", "handle:0x82000000", "handle:0x81000001x", "handle:0x811111111111"}) {
    EXPECT_NE(faultOf(text).find("not a persistent handle"), std::string::npos) << text;
  }
  EXPECT_NE(faultOf("pkcs11:token=a").find("names no key"), std::string::npos);
  EXPECT_NE(faultOf("pkcs11:object").find("not well-formed"), std::string::npos);
  EXPECT_NE(faultOf("pkcs11:object=%4").find("not well-formed"), std::string::npos);
  EXPECT_NE(faultOf("pkcs11:object=a;type=cert").find("type=private"), std::string::npos);
  EXPECT_NE(faultOf("pkcs11:object=a;slot-id=1").find("`slot-id`"), std::string::npos);
  EXPECT_NE(faultOf("pkcs11:object=a?pin-source=|cat").find("is no file"), std::string::npos);
  EXPECT_NE(faultOf("pkcs11:object=a?module-name=softhsm2").find("`module-name`"), std::string::npos);
  EXPECT_NE(faultOf("handle:0x81000001?module-path=/a").find("`module-path`"), std::string::npos);
}

TEST(KeyName, repeatsNoPin) {
  for (const char* text : {"pkcs11:object=a?pin-value=13579", "handle:0x81000001?pin-value=13579"}) {
    EXPECT_NE(faultOf(text).find("into a file"), std::string::npos);
    EXPECT_EQ(faultOf(text).find("13579"), std::string::npos);
  }
}

}  // namespace
}  // namespace spheregate::tls
