#include "spheregate/hub/sas.hpp"

#include <gtest/gtest.h>

#include <string>

#include "spheregate/hub/property_bag.hpp"

namespace spheregate::hub {
namespace {

constexpr std::string_view kKey = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
constexpr std::int64_t kExpires = 1'700'000'000;

SharedAccessKey keyOf(std::string_view text) {
  auto key = SharedAccessKey::fromBase64(text);
  EXPECT_TRUE(key.has_value()) << key.error();
  return *key;
}

std::string problemWith(std::string_view text) {
  const auto key = SharedAccessKey::fromBase64(text);
  return key ? "" : key.error();
}

struct Vector {
  std::string resource;  // before encoding
  std::string encoded;
  std::string signature;
  std::string policy;
};

const Vector kVectors[] = {
    {"contoso.azure-devices.net/devices/leaf1", "contoso.azure-devices.net%2Fdevices%2Fleaf1",
     "h8U+IOlN5JNiLUH6S7J9N+YwmpawWFAVfgwjttxS23k=", ""},
    {"contoso.azure-devices.net/devices/edge1/modules/%24edgeHub",
     "contoso.azure-devices.net%2Fdevices%2Fedge1%2Fmodules%2F%2524edgeHub", "wXE1QI4P8yAVQyAIKaPc7To9lPnSO1NJetPHUqOX544=", ""},
    {"contoso.azure-devices.net/devices/edge1/modules/$edgeHub",
     "contoso.azure-devices.net%2Fdevices%2Fedge1%2Fmodules%2F%24edgeHub", "9berRwFPwu5C4M9x78OzTu7fuyJzyNdiysy+2xu5oUo=", ""},
    {"contoso.azure-devices.net/devices/edge1/modules/%2524edgeHub",
     "contoso.azure-devices.net%2Fdevices%2Fedge1%2Fmodules%2F%252524edgeHub",
     "js/zGbmTX4VfmoHocwYwrs5AgjCNeOsZ6KtKGCcTg3g=", ""},
    {"0ne00000A0A/registrations/leaf1", "0ne00000A0A%2Fregistrations%2Fleaf1",
     "W1jmgUyXNgneBhlnGtARhwN8jGYG8/uh14zENbAhAm0=", "registration"},
};

TEST(SasToken, isWrittenAsTheHubExpects) {
  const SharedAccessKey key = keyOf(kKey);
  for (const Vector& vector : kVectors) {
    std::string expected =
        "SharedAccessSignature sr=" + vector.encoded + "&sig=" + percentEncode(vector.signature) + "&se=1700000000";
    if (!vector.policy.empty()) expected += "&skn=" + vector.policy;
    EXPECT_EQ(makeSasToken(key, vector.resource, kExpires, vector.policy), expected);
  }
}

TEST(SasToken, aModulesResourceIsEncodedTwice) {
  const std::string resource = moduleResource("contoso.azure-devices.net", "edge1", "$edgeHub");
  EXPECT_EQ(makeSasToken(keyOf(kKey), resource, kExpires),
            "SharedAccessSignature sr=contoso.azure-devices.net%2Fdevices%2Fedge1%2Fmodules%2F%2524edgeHub&sig=" +
                percentEncode("wXE1QI4P8yAVQyAIKaPc7To9lPnSO1NJetPHUqOX544=") + "&se=1700000000");
  // An id that holds what separates the parts cannot name another module.
  EXPECT_EQ(moduleResource("h", "a/modules/b", "m"), "h/devices/a%2Fmodules%2Fb/modules/m");
}

TEST(SasToken, isReadBackAndVerified) {
  const SharedAccessKey key = keyOf(kKey);
  const SharedAccessKey other = keyOf("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh4=");
  for (const Vector& vector : kVectors) {
    const auto token = parseSasToken(makeSasToken(key, vector.resource, kExpires, vector.policy));
    ASSERT_TRUE(token) << token.error().message();
    EXPECT_EQ(token->resource, vector.encoded);
    EXPECT_EQ(token->signature, vector.signature);
    EXPECT_EQ(token->expires, kExpires);
    EXPECT_EQ(token->policy, vector.policy);
    EXPECT_TRUE(signedBy(*token, key));
    EXPECT_FALSE(signedBy(*token, other));
  }
}

TEST(SasToken, signatureCoversResourceAndExpiry) {
  const SharedAccessKey key = keyOf(kKey);
  const auto token = parseSasToken(makeSasToken(key, kVectors[0].resource, kExpires));
  ASSERT_TRUE(token);
  SasToken forged = *token;
  forged.expires += 1;
  EXPECT_FALSE(signedBy(forged, key));
  forged = *token;
  forged.resource.back() = '2';
  EXPECT_FALSE(signedBy(forged, key));
  forged = *token;
  forged.signature.pop_back();
  EXPECT_FALSE(signedBy(forged, key));
  forged.signature.clear();
  EXPECT_FALSE(signedBy(forged, key));
  forged = *token;
  forged.policy = "iothubowner";
  EXPECT_TRUE(signedBy(forged, key)) << "skn is not part of what is signed";
}

TEST(SasToken, fieldsComeInAnyOrderAndTheResourceInAnyCase) {
  const auto token = parseSasToken(
      "SharedAccessSignature skn=a%20b&se=1700000000&x=1&sig=h8U%2bIOlN5JNiLUH6S7J9N%2bYwmpawWFAVfgwjttxS23k%3d&"
      "sr=contoso.azure-devices.net%2fdevices%2fleaf1");
  ASSERT_TRUE(token) << token.error().message();
  EXPECT_EQ(token->policy, "a b");
  EXPECT_EQ(token->signature, "h8U+IOlN5JNiLUH6S7J9N+YwmpawWFAVfgwjttxS23k=");
  EXPECT_EQ(token->resource, "contoso.azure-devices.net%2fdevices%2fleaf1");
  EXPECT_EQ(audience(*token), "contoso.azure-devices.net/devices/leaf1");
  EXPECT_FALSE(signedBy(*token, keyOf(kKey))) << "the signature covers the resource as it was spelt";
}

TEST(SasToken, refusesWhatIsNotOne) {
  const auto problem = [](std::string_view text) {
    const auto token = parseSasToken(text);
    return token ? boost::system::error_code{} : token.error();
  };
  EXPECT_EQ(problem(""), SasErrc::notAToken);
  EXPECT_EQ(problem("SharedAccessSignature"), SasErrc::notAToken);
  EXPECT_EQ(problem("sr=a&sig=b&se=1"), SasErrc::notAToken);
  EXPECT_EQ(problem("SharedAccessSignature sr=a&sr=b&sig=b&se=1"), SasErrc::notAToken) << "which of the two was checked?";
  EXPECT_EQ(problem("SharedAccessSignature sr&sig=b&se=1"), SasErrc::notAToken);
  EXPECT_EQ(problem("SharedAccessSignature "), SasErrc::missingField);
  EXPECT_EQ(problem("SharedAccessSignature sig=b&se=1"), SasErrc::missingField);
  EXPECT_EQ(problem("SharedAccessSignature sr=&sig=b&se=1"), SasErrc::missingField);
  EXPECT_EQ(problem("SharedAccessSignature sr=a&se=1"), SasErrc::missingField);
  EXPECT_EQ(problem("SharedAccessSignature sr=a&sig=b"), SasErrc::missingField);
  for (const std::string expiry : {"", "-1", "-0", "+1", "1.5", "1700000000x", " 1", "0x10", "99999999999999999999"}) {
    EXPECT_EQ(problem("SharedAccessSignature sr=a&sig=b&se=" + expiry), SasErrc::badExpiry) << expiry;
  }
  EXPECT_EQ(problem("SharedAccessSignature sr=a&sig=%2&se=1"), SasErrc::badEncoding);
  EXPECT_EQ(problem("SharedAccessSignature sr=%zz&sig=b&se=1"), SasErrc::badEncoding);
  EXPECT_EQ(problem("SharedAccessSignature sr=a&sig=b&se=1&skn=%"), SasErrc::badEncoding);
}

TEST(SasToken, audienceIsTheSameHoweverOftenItWasEncoded) {
  SasToken token;
  for (const char* resource : {"h%2Fdevices%2Fedge1%2Fmodules%2F%24edgeHub", "h%2Fdevices%2Fedge1%2Fmodules%2F%2524edgeHub",
                               "h/devices/edge1/modules/$edgeHub"}) {
    token.resource = resource;
    EXPECT_EQ(audience(token), "h/devices/edge1/modules/$edgeHub");
  }
  token.resource = "h/devices/50%";
  EXPECT_EQ(audience(token), "h/devices/50%");
  // 32 kB that unwrap by two bytes a round would cost a second if every round were done.
  token.resource = "%";
  for (int i = 0; i < 16'000; ++i) token.resource += "25";
  EXPECT_EQ(audience(token).size(), token.resource.size() - 16);
}

TEST(SharedAccessKey, derivesTheDeviceKeyOfAGroup) {
  const SharedAccessKey group = keyOf("8isrFI1sGsIlvvFSSFRiMfCNzv21fjbE/+ah/lSh3lF8e2YG1Te7w1KpZhJFFXJrqYKi9yegxkqIChbqOS9Egw==");
  const std::string id = "sn-007-888-abc-mac-a1-b2-c3-d4-e5-f6";
  constexpr std::string_view expected = "Jsm0lyGpjaVYVP2g3FnmnmG9dI/9qU24wNoykUmermc=";
  EXPECT_EQ(group.sign(id), expected);
  EXPECT_EQ(group.derive(id).sign("text"), keyOf(expected).sign("text"));
}

TEST(SharedAccessKey, takesTheWhiteSpaceOfAFile) {
  const std::string expected = keyOf(kKey).sign("text");
  EXPECT_EQ(keyOf(" \t" + std::string{kKey} + "\r\n").sign("text"), expected);
  EXPECT_EQ(keyOf("AAECAwQFBgcICQoLDA0ODxAR\nEhMUFRYXGBkaGxwdHh8=\n").sign("text"), expected);
}

TEST(SharedAccessKey, explainsWithoutRepeatingTheKey) {
  EXPECT_NE(problemWith(""), "");
  EXPECT_NE(problemWith(" \n"), "");
  for (const std::string text : {"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh9=",
                                 "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8==", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=A",
                                 "AAECAwQFBgcICQoLDA0ODxAREhMUFRYX-_kaGxwdHh8=", "AAECAwQFBgcICQoLDA0OD===", "====", "AA=A"}) {
    const std::string problem = problemWith(text);
    EXPECT_NE(problem.find("base64"), std::string::npos) << problem;
    EXPECT_EQ(problem.find("AAEC"), std::string::npos) << problem;
  }
  EXPECT_NE(problemWith("HostName=h;SharedAccessKeyName=p;SharedAccessKey=AAAA").find("connection string"), std::string::npos);
  EXPECT_NE(problemWith("AAECAwQFBgc=").find("8"), std::string::npos) << "eight bytes are too few";
  EXPECT_NE(problemWith(std::string(88, 'A')), "") << "66 bytes are too many";
  EXPECT_NE(problemWith(std::string(10'000, 'A')), "");
}

TEST(SharedAccessKey, survivesCopiesAndMoves) {
  const SharedAccessKey original = keyOf(kKey);
  const std::string expected = original.sign("text");
  SharedAccessKey copy = original;
  SharedAccessKey assigned = original.derive("something else");
  assigned = copy;
  EXPECT_EQ(assigned.sign("text"), expected);
  const SharedAccessKey& self = assigned;
  assigned = self;
  EXPECT_EQ(assigned.sign("text"), expected);
  const SharedAccessKey moved = std::move(copy);
  EXPECT_EQ(moved.sign("text"), expected);
  EXPECT_EQ(original.sign("text"), expected);
}

}  // namespace
}  // namespace spheregate::hub
