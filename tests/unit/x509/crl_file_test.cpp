#include "spheregate/x509/crl_file.hpp"

#include <gmock/gmock.h>

#include "pki/authorities.hpp"
#include "pki/crl.hpp"

namespace spheregate::x509 {
namespace {

using testing::HasSubstr;

class CrlFile : public testing::Test {
 protected:
  static const testpki::Issued& ca() {
    static const testpki::Issued made = testpki::makePlainCa("A CA", std::chrono::system_clock::now());
    return made;
  }
  static testpki::Crl list() { return testpki::makeCrl({.thisUpdate = std::chrono::system_clock::now(), .number = 1, .fillers = 3}, ca()); }
  static std::string errorOf(const std::string& content) {
    const auto read = crlsIn(content);
    return read ? "it was read" : read.error();
  }
};

TEST_F(CrlFile, isDerOrSeveralInPemWithAnythingAround) {
  EXPECT_EQ(crlsIn(testpki::der(*list()))->size(), 1u);
  EXPECT_EQ(crlsIn("\xEF\xBB\xBF" "of May\r\n" + testpki::pem(*list()) + "of June\n" + testpki::pem(*list()))->size(), 2u);
}

TEST_F(CrlFile, thatIsDamagedIsAnErrorWithAFix) {
  const std::string der = testpki::der(*list());
  std::string pem = testpki::pem(*list());
  EXPECT_THAT(errorOf(""), HasSubstr("is empty"));
  EXPECT_THAT(errorOf("<html>"), HasSubstr("not a revocation list"));
  EXPECT_THAT(errorOf(der.substr(0, der.size() - 1)), HasSubstr("damaged"));
  EXPECT_THAT(errorOf(der + "x"), HasSubstr("damaged"));
  pem.replace(pem.size() / 2, 8, "********");
  EXPECT_THAT(errorOf(testpki::pem(*list()) + pem), HasSubstr("block 2 is damaged"));
  EXPECT_THAT(errorOf(testpki::pem(*ca().certificate)), HasSubstr("block 1 is a CERTIFICATE, not an X509 CRL"));
  EXPECT_THAT(errorOf("-----BEGIN nothing"), HasSubstr("holds no revocation list"));
}

TEST_F(CrlFile, thatIsMissingNamesTheFile) {
  const auto read = readCrls("/nonexistent/a.crl");
  ASSERT_FALSE(read);
  EXPECT_THAT(read.error(), HasSubstr("/nonexistent/a.crl"));
}

}  // namespace
}  // namespace spheregate::x509
