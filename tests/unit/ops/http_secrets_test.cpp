#include "http_secrets.hpp"

#include <gmock/gmock.h>
#include <openssl/ssl.h>

#include "secrets.hpp"

namespace spheregate::ops {
namespace {

using test::HttpFiles;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

std::string errorOf(const HttpSettings& settings) {
  const auto read = readSecrets(settings);
  return read ? std::string{} : read.error();
}

TEST(HttpSecrets, areNoneWhereNoFileIsNamed) {
  const auto none = readSecrets({});
  ASSERT_TRUE(none);
  EXPECT_EQ(none->tls, nullptr);
  EXPECT_FALSE(none->login);
}

TEST(HttpSecrets, areReadFromTheFiles) {
  const HttpFiles files;
  HttpSettings settings;
  files.addCertificate(settings);
  files.addPassword(settings);
  const auto read = readSecrets(settings);
  ASSERT_TRUE(read) << read.error();
  EXPECT_NE(read->tls, nullptr);
  EXPECT_EQ(read->login, (Login{"Aladdin", "open sesame"}));
}

TEST(HttpSecrets, keepsNoSessionsOfThoseWhoShookHands) {
  const HttpFiles files;
  HttpSettings settings;
  files.addCertificate(settings);
  const auto read = readSecrets(settings);
  ASSERT_TRUE(read) << read.error();
  EXPECT_EQ(SSL_CTX_get_session_cache_mode(read->tls->native_handle()), SSL_SESS_CACHE_OFF);
}

TEST(HttpSecrets, saysWhatIsWrongWithThem) {
  const HttpFiles files;
  HttpSettings settings;
  files.addCertificate(settings);
  HttpSettings other = settings;
  other.certificate = files.directory / "missing.pem";
  EXPECT_THAT(errorOf(other), AllOf(HasSubstr("http.certificate: "), HasSubstr("missing.pem: cannot be read"), HasSubstr("check the path")));
  other.certificate = files.write("empty.pem", "");
  EXPECT_THAT(errorOf(other), AllOf(HasSubstr("http.certificate: "), HasSubstr("empty.pem")));
  other = settings;
  other.privateKey = settings.certificate;
  EXPECT_THAT(errorOf(other), AllOf(HasSubstr("http.private_key: "), HasSubstr("holds no private key"), HasSubstr("must be PEM and not encrypted")));
  other.privateKey = files.write("stranger.key", testpki::pem(*testpki::makeEcKey()));
  EXPECT_THAT(errorOf(other), AllOf(HasSubstr("http.private_key: "), HasSubstr("does not belong to the first certificate"), HasSubstr("server.pem")));
}

TEST(HttpSecrets, doesNotRepeatThePassword) {
  const HttpFiles files;
  HttpSettings settings;
  files.addPassword(settings, "");
  EXPECT_THAT(errorOf(settings), AllOf(HasSubstr("http.password_file: "), HasSubstr("is empty; write the password into it")));
  files.addPassword(settings, "hunter2\nand more");
  EXPECT_THAT(errorOf(settings), AllOf(HasSubstr("on one line"), Not(HasSubstr("hunter2"))));
}

}  // namespace
}  // namespace spheregate::ops
