#include <gmock/gmock.h>

#include "fleet.hpp"

namespace spheregate::identity {
namespace {

using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

class Load : public Fleet {
 protected:
  static std::string pemOfA() { return testpki::pem(*sphere().tenantA.certificate); }
  static std::string pemOfNew() { return testpki::pem(*sphere().tenantANew.certificate); }

  // What loading this one file as devices.tenant_ca ends with, after the name of the file.
  std::string errorOf(const std::string& name, std::string_view content) {
    settings.tenantCa = file(name, content);
    const std::string error = loadError();
    const std::string begin = settings.tenantCa.string() + ": ";
    return error.starts_with(begin) ? error.substr(begin.size()) : error;
  }
};

TEST_F(Load, describesTheCa) {
  pin("a.pem", sphere().tenantA);
  const auto admission = load();
  const TenantCa ca = admission->tenantCas().at(0);
  EXPECT_THAT(ca.file, EndsWith("tenant-ca.d/a.pem"));
  EXPECT_EQ(ca.tenantId, testpki::kTenantA);
  EXPECT_EQ(ca.subject, "C=US, ST=Washington, L=Redmond, O=Spheregate Test Corporation, CN=Microsoft Azure Sphere " +
                            std::string{testpki::kTenantA});
  EXPECT_THAT(ca.sha256, testing::MatchesRegex("[0-9a-f]{64}"));
  EXPECT_EQ(ca.notAfterSeconds, 1'700'000'000 + 365 * 86'400);
}

TEST_F(Load, takesDerAndPemOfEveryKind) {
  std::string crlf;
  for (const char c : pemOfA()) crlf += c == '\n' ? std::string{"\r\n"} : std::string(1, c);
  const std::vector<std::string> contents{pemOfA(), testpki::der(*sphere().tenantA.certificate), crlf, "\xEF\xBB\xBF" + pemOfA(),
                                          "subject=CN = Somebody\n\n" + pemOfA() + "trailing text"};
  for (const std::string& content : contents) {
    settings.tenantCa = file("ca.cer", content);
    EXPECT_EQ(load()->tenantCas().size(), 1u);
  }
}

TEST_F(Load, takesEveryCertificateOfAFileOnce) {
  settings.tenantCa = file("both.pem", pemOfA() + pemOfNew() + pemOfA());
  EXPECT_EQ(load()->tenantCas().size(), 2u);
}

TEST_F(Load, takesTheCertificateFilesOfADirectoryInTheirOrder) {
  for (const char* name : {"d.pem", "b.CRT"}) file(std::string{"tenant-ca.d/"} + name, pemOfA());
  file("tenant-ca.d/a.der", testpki::der(*sphere().tenantANew.certificate));
  for (const char* name : {".hidden.pem", "README", "a.pem~", "a.pem.bak"}) file(std::string{"tenant-ca.d/"} + name, "nothing");
  std::filesystem::create_directory(settings.tenantCa / "folder.pem");
  const auto admission = load();
  ASSERT_EQ(admission->tenantCas().size(), 2u);
  EXPECT_THAT(admission->tenantCas()[0].file, EndsWith("a.der"));
  EXPECT_THAT(admission->tenantCas()[1].file, EndsWith("b.CRT"));
}

TEST_F(Load, oneBadFileSpoilsTheDirectory) {
  pin("a.pem", sphere().tenantA);
  file("tenant-ca.d/b.pem", "oops");
  EXPECT_THAT(loadError(), StartsWith((settings.tenantCa / "b.pem").string() + ": is neither a PEM nor a DER file; "));
}

TEST_F(Load, anEmptyOrMissingPlaceIsAnError) {
  EXPECT_THAT(loadError(),
              AllOf(HasSubstr("has no *.pem, *.cer, *.crt or *.der file"), HasSubstr("az sphere ca-certificate download")));
  settings.tenantCa = settings.tenantCa / "missing.cer";
  EXPECT_THAT(loadError(), AllOf(HasSubstr("missing.cer: does not exist"), HasSubstr("download")));
}

TEST_F(Load, saysWhatAFileIsInstead) {
  const testpki::Issued device = testpki::issue(fields(), testpki::makeEcKey(), sphere().tenantA);
  EXPECT_THAT(errorOf("device.pem", testpki::pem(*device.certificate)),
              HasSubstr("` is not a CA (perhaps the certificate of a device"));
  EXPECT_THAT(errorOf("key.pem", testpki::pem(*device.key)), StartsWith("holds a private key; "));
  EXPECT_THAT(errorOf("mixed.pem", pemOfA() + testpki::pem(*device.key)), StartsWith("holds a private key; "));
  EXPECT_THAT(errorOf("page.cer", "\n<!DOCTYPE html><HTML><body>Sign in</body>"), StartsWith("is a web page"));
  EXPECT_THAT(errorOf("empty.pem", ""), StartsWith("is empty; "));
  EXPECT_THAT(errorOf("wide.pem", std::string_view{"\xFF\xFE-\0-\0", 6}), StartsWith("is UTF-16 text; "));
  EXPECT_THAT(errorOf("request.pem", "-----BEGIN CERTIFICATE REQUEST-----\nMAA=\n-----END CERTIFICATE REQUEST-----\n"),
              StartsWith("block 1 is a certificate request (CSR)"));
  EXPECT_THAT(errorOf("chain.p7b", "-----BEGIN PKCS7-----\nMAA=\n-----END PKCS7-----\n"), StartsWith("is a PKCS#7 container"));
}

TEST_F(Load, findsDamage) {
  const std::string der = testpki::der(*sphere().tenantA.certificate);
  EXPECT_THAT(errorOf("short.cer", der.substr(0, der.size() - 1)), StartsWith("is a damaged DER file"));
  EXPECT_THAT(errorOf("long.cer", der + "x"), StartsWith("is a damaged DER file"));
  EXPECT_THAT(errorOf("cut.pem", pemOfA() + pemOfNew().substr(0, 500)), StartsWith("block 2 is damaged; "));
  EXPECT_THAT(errorOf("letters.pem", "-----BEGIN CERTIFICATE-----\n!!!!\n-----END CERTIFICATE-----\n"),
              StartsWith("block 1 is damaged; "));
}

TEST_F(Load, refusesCasThatCannotVouchForDevices) {
  const testpki::Validity validity{clock.wall(), clock.wall() + std::chrono::hours{1}};
  const testpki::Fields servers{
      {{NID_commonName, "Web CA"}}, validity, {{NID_basic_constraints, "critical,CA:TRUE"}, {NID_ext_key_usage, "serverAuth"}}};
  EXPECT_THAT(errorOf("web.pem", testpki::pem(*testpki::selfSigned(servers, testpki::makeEcKey()).certificate)),
              StartsWith("`CN=Web CA` may not issue certificates for TLS clients"));
  const testpki::Issued weak = testpki::makePlainCa("Old CA", clock.wall(), testpki::makeRsaKey(1024));
  EXPECT_THAT(errorOf("weak.pem", testpki::pem(*weak.certificate)), StartsWith("`CN=Old CA` has a key that is too weak"));
}

TEST_F(Load, pinsTheTenant) {
  pin("a.pem", sphere().tenantA);
  settings.tenantId = "6F1C2A34-0B5D-4E7F-8A90-1B2C3D4E5F60";
  EXPECT_EQ(load()->tenantCas().size(), 1u);
  pin("b.pem", sphere().tenantB);
  EXPECT_THAT(loadError(), AllOf(StartsWith((settings.tenantCa / "b.pem").string()), HasSubstr(testpki::kTenantA),
                                 HasSubstr(testpki::kTenantB)));
  pin("b.pem", testpki::makePlainCa("Plain CA", clock.wall()));
  EXPECT_THAT(loadError(), HasSubstr("belongs to tenant (none)"));
}

TEST_F(Load, keepsAnExpiredCaAndWarns) {
  pin("a.pem", sphere().tenantA);
  clock.advance(std::chrono::hours{24 * 400});
  testing::internal::CaptureStderr();
  EXPECT_EQ(load()->tenantCas().size(), 1u);
  EXPECT_THAT(testing::internal::GetCapturedStderr(), AllOf(HasSubstr("tenant CA expired"), HasSubstr("a.pem")));
}

TEST_F(Load, namesTheLineOfABadDeviceId) {
  pin("a.pem", sphere().tenantA);
  settings.denyFile = file("deny.txt", "# first\n\n" + id() + "\n" + std::string(128, 'A') + "\n");
  EXPECT_THAT(loadError(), AllOf(StartsWith(settings.denyFile.string() + ":4: "), HasSubstr("capitals")));
  settings.denyFile = file("deny.txt", "\xEF\xBB\xBF" + id() + "\r\npump-7");
  EXPECT_THAT(loadError(), StartsWith(settings.denyFile.string() + ":2: the name has 6 characters"));
  settings.nameRule = NameRule::any;
  EXPECT_NE(load(), nullptr);
  settings.allowFile = settings.denyFile.parent_path() / "missing.txt";
  EXPECT_THAT(loadError(), AllOf(StartsWith(settings.allowFile.string() + ": cannot be read"), HasSubstr("check the path")));
  settings.allowFile = settings.denyFile.parent_path();
  EXPECT_THAT(loadError(), EndsWith("is a directory; name a file"));
}

}  // namespace
}  // namespace spheregate::identity
