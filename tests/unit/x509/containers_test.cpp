#include <gmock/gmock.h>

#include <filesystem>
#include <string>

#include "pki/containers.hpp"
#include "pki/files.hpp"
#include "spheregate/x509/certificate_file.hpp"
#include "unit/fakes.hpp"

namespace spheregate::x509 {
namespace {

using testing::HasSubstr;

// What the daemon reads is what an operator sees with any tool; a container is opened once, by the command that imports it.
TEST(CertificateFile, aContainerIsOpenedOnlyToImportIt) {
  const auto authorities = testpki::makeAuthorities(test::ManualClock{}.wall());
  const std::filesystem::path file = testing::TempDir() + "spheregate-container.p7b";
  const std::vector<testpki::Certificate> chain{authorities.root.certificate, authorities.policy.certificate, authorities.tenantA.certificate};
  for (const std::string& content : {testpki::pkcs7Der(chain), testpki::pkcs7Pem(chain)}) {
    testpki::writeFile(file, content);
    const auto strict = readCertificates(file);
    ASSERT_FALSE(strict);
    EXPECT_THAT(strict.error(), HasSubstr(file.string() + ": is a PKCS#7 container (.p7b); import it with `spheregate tenant add FILE`"));
    const auto opened = readCertificatesOfAnyKind(file);
    ASSERT_TRUE(opened);
    ASSERT_EQ(opened->size(), 3u);
    EXPECT_EQ(X509_cmp(opened->back().get(), authorities.tenantA.certificate.get()), 0) << "the order stays";
  }
  std::filesystem::remove(file);
}

TEST(CertificateFile, aContainerWithoutCertificatesIsNamed) {
  EXPECT_THAT(certificatesOfAnyKind(testpki::pkcs7Der({})).error(), HasSubstr("is a PKCS#7 container without certificates"));
}

}  // namespace
}  // namespace spheregate::x509
