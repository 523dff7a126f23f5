#include "spheregate/bundle/redactor.hpp"

#include <gmock/gmock.h>

#include "encodings.hpp"
#include "spheregate/hub/base64.hpp"
#include "suspects.hpp"

namespace spheregate::bundle {
namespace {

using testing::HasSubstr;
using testing::Not;

const std::string kKey = "q83vEjRWeJq83vEjRWeJq83vEjRWeJq83vEjRWeJq80=";  // 32 bytes in base64

std::string base64(std::string_view text) { return hub::base64Encode(base::asBytes(text)); }

TEST(Redactor, findsASecretInEveryForm) {
  const std::string secret = "tr0ub4dor&3/Zzz\"x";
  Redactor redactor;
  redactor.hide(secret);
  EXPECT_EQ(redactor.clean("a " + secret + " b"), "a [redacted] b");
  for (const std::string& form : encodingsOf(secret)) EXPECT_THAT(redactor.clean("<" + form + ">"), Not(HasSubstr(form)));
  EXPECT_EQ(redactor.clean("tr0ub4dor%263%2FZzz%22x"), "[redacted]");
  EXPECT_EQ(redactor.clean("tr0ub4dor&3/Zzz\\\"x"), "[redacted]");
  // Wherever it begins in something longer.
  for (const char* before : {"", "u", "us", "user:", "a longer one:"}) {
    for (const char* after : {"", "!", "!!", "and more"}) {
      const std::string encoded = base64(before + secret + after);
      const std::string cleaned = redactor.clean("<" + encoded + ">");
      EXPECT_THAT(cleaned, HasSubstr("[redacted]")) << encoded;
      EXPECT_LE(cleaned.size(), encoded.size() - base64(secret).size() + 20) << cleaned;
    }
  }
}

TEST(Redactor, findsAKeyDecodedToo) {
  Redactor redactor;
  redactor.hide(kKey);
  EXPECT_EQ(redactor.clean("sha256 0123456789abcdef0123456789abcdef"), "sha256 0123456789abcdef0123456789abcdef");
  const auto raw = hub::base64Decode(kKey);
  std::string hex;
  for (const std::uint8_t byte : *raw) {
    char two[3];
    std::snprintf(two, sizeof two, "%02x", byte);
    hex += two;
  }
  EXPECT_EQ(redactor.clean("key " + hex + "."), "key [redacted].");
}

TEST(Redactor, readsFilesAsTheGatewayDoes) {
  Redactor redactor;
  redactor.hideFile("  swordfish-1\r\n");
  redactor.hideFile("# keys\ndevice-1,c2VjcmV0LW9uZS1sb25nLWVub3VnaA==\ndevice-2: \"c2VjcmV0LXR3by1sb25nLWVub3VnaA==\"\n");
  redactor.hideFile("HostName=h.azure-devices.net;SharedAccessKeyName=p;SharedAccessKey=YW5vdGhlci1zZWNyZXQta2V5\n");
  redactor.hideFile("pass, word\n");
  EXPECT_EQ(redactor.clean("swordfish-1"), "[redacted]");
  EXPECT_EQ(redactor.clean("the pass, word is not a password"), "the [redacted] is not a password");
  EXPECT_EQ(redactor.clean("c2VjcmV0LW9uZS1sb25nLWVub3VnaA=="), "[redacted]");
  EXPECT_EQ(redactor.clean("c2VjcmV0LXR3by1sb25nLWVub3VnaA=="), "[redacted]");
  EXPECT_EQ(redactor.clean("YW5vdGhlci1zZWNyZXQta2V5"), "[redacted]");
  EXPECT_EQ(redactor.clean("device-1 and device-2 of h.azure-devices.net"), "device-1 and device-2 of h.azure-devices.net") << "ids are no secrets";
}

TEST(Redactor, thousandsOfKeysCostNoMoreThanOne) {
  Redactor redactor;
  for (int number = 0; number < 5000; ++number) redactor.hide("a secret with the number " + std::to_string(number * 7919));
  std::string text;
  for (int number = 0; number < 20'000; ++number) text += "an honest line of the log with the number " + std::to_string(number) + "\n";
  EXPECT_EQ(redactor.clean(text), text);
  EXPECT_THAT(redactor.clean(text + "a secret with the number 7919"), Not(HasSubstr("a secret with")));
}

TEST(Suspects, goWhoseverTheyAre) {
  EXPECT_EQ(withoutSuspects("HostName=h;SharedAccessKeyName=p;SharedAccessKey=abc/+=;x"), "HostName=h;SharedAccessKeyName=p;SharedAccessKey=[redacted];x");
  EXPECT_EQ(withoutSuspects("SharedAccessSignature sr=h%2Fdevices&sig=Abc%2B%3D&se=1700000000"), "SharedAccessSignature sr=h%2Fdevices&sig=[redacted]&se=1700000000");
  EXPECT_EQ(withoutSuspects("{\"password\": \"x y\", \"user\": \"u\"}"), "{\"password\": \"[redacted] y\", \"user\": \"u\"}");
  EXPECT_EQ(withoutSuspects("pkcs11:token=gateway;object=server?pin-value=1234&x"), "pkcs11:token=gateway;object=server?pin-value=[redacted]&x");
  EXPECT_EQ(withoutSuspects("http://user:hunter2@proxy:3128/"), "http://user:[redacted]@proxy:3128/");
  EXPECT_EQ(withoutSuspects("Authorization: Basic dXNlcjpodW50ZXIy\n"), "Authorization: Basic [redacted]\n");
  EXPECT_EQ(withoutSuspects("token eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U end"), "token [redacted] end");
  EXPECT_EQ(withoutSuspects("key_file: " + kKey), "key_file: [redacted]");
  EXPECT_EQ(withoutSuspects("-----BEGIN EC PRIVATE KEY-----\nMHc\n-----END EC PRIVATE KEY-----\nafter"), "[redacted]\nafter");
  EXPECT_EQ(withoutSuspects("{\"x\": \"-----BEGIN PRIVATE KEY-----\\nMHc\"}"), "{\"x\": \"[redacted]") << "without its end, to the end";
}

TEST(Suspects, leaveHonestTextAlone) {
  for (const char* text : {"proxy_password_file: /etc/spheregate/secrets/proxy", "upstream.auth.token_life: 1h", "pin-source=file:/etc/pin",
                           "sha256 5f0c0a6a5a1f9e0d5f0c0a6a5a1f9e0d5f0c0a6a5a1f9e0d5f0c0a6a5a1f9e0d", "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----",
                           "signature_ms=3", "http://proxy:3128 user@host", "https://h/x?api-version=2021-04-12", "", "a"}) {
    EXPECT_EQ(withoutSuspects(text), text);
  }
}

}  // namespace
}  // namespace spheregate::bundle
