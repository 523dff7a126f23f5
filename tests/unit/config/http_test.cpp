#include <gmock/gmock.h>

#include <string>

#include "problems.hpp"

// Who may ask the HTTP listener, and how.
namespace spheregate::config {
namespace {

using test::leastWith;
using test::problemsOf;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

std::vector<std::string> bad(const std::string& http) { return problemsOf(leastWith("http", http)); }

TEST(Http, readsItsFilesInAnyOrder) {
  const std::string yaml = leastWith("http", "private_key: /a/key.pem, password_file: /a/password, user: ops, certificate: /a/chain.pem, listen: \"0.0.0.0:443\"");
  EXPECT_THAT(problemsOf(yaml), IsEmpty());
  const ops::HttpSettings http = parse(yaml, "f").config.http;
  EXPECT_EQ(http.listen.port, 443);
  EXPECT_EQ(http.certificate, "/a/chain.pem");
  EXPECT_EQ(http.privateKey, "/a/key.pem");
  EXPECT_EQ(http.user, "ops");
  EXPECT_EQ(http.passwordFile, "/a/password");
  EXPECT_THAT(bad("certificate: \"\", private_key: \"\", user: \"\", password_file: \"\""), IsEmpty());
}

TEST(Http, halfAPairIsRefusedWhereItStands) {
  EXPECT_THAT(bad("certificate: /a"), ElementsAre(AllOf(HasSubstr("f:7:9: http.certificate: this does nothing without http.private_key; give both"))));
  EXPECT_THAT(bad("private_key: /a"), ElementsAre(HasSubstr("http.private_key: this does nothing without http.certificate")));
  EXPECT_THAT(bad("user: ops"), ElementsAre(HasSubstr("http.user: this does nothing without http.password_file")));
  EXPECT_THAT(bad("password_file: /a"), ElementsAre(HasSubstr("http.password_file: this does nothing without http.user")));
  EXPECT_THAT(bad("user: \"\", password_file: /a"), ElementsAre(HasSubstr("without http.user")));
}

TEST(Http, refusesWhatCannotBeUsed) {
  EXPECT_THAT(bad("certificate: /a, private_key: \"pkcs11:token=t;object=o\""), ElementsAre(HasSubstr("a key in a token cannot be used here")));
  EXPECT_THAT(bad("user: \"ops:hunter2\", password_file: /a"), ElementsAre(AllOf(HasSubstr("has no colon"), HasSubstr("http.password_file"), Not(HasSubstr("hunter2")))));
}

}  // namespace
}  // namespace spheregate::config
