#include "spheregate/pki/tenant_choice.hpp"

#include <gmock/gmock.h>

#include <map>

#include "pki/containers.hpp"
#include "spheregate/x509/certificate_file.hpp"
#include "spheregate/x509/certificate_text.hpp"
#include "unit/fakes.hpp"

namespace spheregate::pki {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

const testpki::Time kNow = test::ManualClock{}.wall();

const testpki::Authorities& sphere() {
  static const testpki::Authorities made = testpki::makeAuthorities(kNow);
  return made;
}

std::string sha(const testpki::Issued& issued) { return x509::sha256(*issued.certificate); }

struct Outcome {
  std::vector<std::string> cas;
  std::vector<std::string> notes;
  std::string fault;
};

Outcome outcome(std::string_view content, ImportRules rules = {}) {
  rules.now = kNow;
  auto certificates = x509::certificatesOfAnyKind(content);
  if (!certificates) return {{}, {}, certificates.error()};
  auto choice = chooseTenantCas(std::move(*certificates), rules);
  if (!choice) return {{}, {}, choice.error()};
  Outcome made{{}, choice->notes, {}};
  for (const x509::CertificateHandle& ca : choice->cas) made.cas.push_back(x509::sha256(*ca));
  return made;
}

ImportRules anyIdentity() { return {.guidNeeded = false, .tenantId = {}, .now = kNow}; }

testpki::Issued tenantCa(testpki::Fields fields, testpki::Key key = testpki::makeEcKey("P-384")) {
  return testpki::issue(fields, std::move(key), sphere().policy);
}

TEST(TenantChoice, picksTheTenantCaOutOfEveryForm) {
  for (const testpki::ImportFile& file : testpki::goodImports(sphere())) {
    const Outcome made = outcome(file.content);
    EXPECT_EQ(made.fault, "") << file.name;
    EXPECT_THAT(made.cas, ElementsAre(sha(sphere().tenantA))) << file.name;
  }
}

TEST(TenantChoice, refusesEverythingElseByItsName) {
  const std::map<std::string, std::string> words{
      {"leaf.pem", "is not a CA but a leaf"},
      {"leaf.cer", "is not a CA but a leaf"},
      {"private-key.pem", "holds a private key"},
      {"ca-with-key.pem", "holds a private key"},
      {"page.cer", "is a web page"},
      {"empty.cer", "is empty"},
      {"utf16.pem", "is UTF-16 text"},
      {"utf16-unmarked.pem", "is UTF-16 text"},
      {"request.pem", "is a certificate request (CSR)"},
      {"request.der", "is a certificate request (CSR)"},
      {"revocations.pem", "is a revocation list (CRL)"},
      {"revocations.crl", "is a revocation list (CRL)"},
      {"device.pfx", "is a PKCS#12 container (.pfx, .p12)"},
      {"damaged.cer", "is a damaged DER file"},
      {"damaged.pem", "block 1 is damaged"},
      {"text.pem", "is neither a PEM nor a DER file"},
      {"policy.cer", "holds no tenant CA, only `C=US, O=Spheregate Test Corporation, CN=Azure Sphere Policy CA 2022`"},
      {"root.cer", "holds no tenant CA, only `C=US, O=Spheregate Test Corporation, CN=Azure Sphere Root"},
      {"root-and-policy.p7b", "holds no tenant CA, only"}};
  for (const testpki::ImportFile& file : testpki::badImports(sphere(), kNow)) {
    ASSERT_TRUE(words.contains(file.name)) << file.name;
    for (const ImportRules& rules : {ImportRules{}, anyIdentity()}) {
      const Outcome made = outcome(file.content, rules);
      EXPECT_THAT(made.cas, IsEmpty()) << file.name;
      EXPECT_THAT(made.fault, HasSubstr(words.at(file.name)));
      EXPECT_THAT(made.fault, HasSubstr("; ")) << "the fix of " << file.name;
    }
  }
}

TEST(TenantChoice, takesBothCasOfARotation) {
  const std::string both = testpki::pem(*sphere().tenantA.certificate) + testpki::pem(*sphere().tenantANew.certificate);
  EXPECT_THAT(outcome(both).cas, ElementsAre(sha(sphere().tenantA), sha(sphere().tenantANew)));
  const std::vector<testpki::Certificate> chain{sphere().root.certificate, sphere().policy.certificate,
                                                sphere().tenantANew.certificate, sphere().tenantA.certificate};
  EXPECT_THAT(outcome(testpki::pkcs7Der(chain)).cas, ElementsAre(sha(sphere().tenantANew), sha(sphere().tenantA)));
}

TEST(TenantChoice, leavesTheLeafOfADevicesChainOut) {
  const auto device =
      testpki::issue(testpki::deviceFields("device", testpki::dayAround(kNow)), testpki::makeEcKey(), sphere().tenantA);
  const Outcome made = outcome(testpki::pem(*device.certificate) + testpki::pem(*sphere().tenantA.certificate));
  EXPECT_THAT(made.cas, ElementsAre(sha(sphere().tenantA)));
  EXPECT_THAT(made.notes, ElementsAre("left out: `CN=device`, which is not a CA"));
}

TEST(TenantChoice, thePinKeepsOtherTenantsOut) {
  const std::string foreign = testpki::pem(*sphere().tenantB.certificate);
  const std::string own = testpki::pem(*sphere().tenantA.certificate);
  ImportRules rules{.guidNeeded = true, .tenantId = "6F1C2A34-0B5D-4E7F-8A90-1B2C3D4E5F60", .now = kNow};
  EXPECT_THAT(outcome(foreign, rules).fault,
              HasSubstr("belongs to tenant " + std::string{testpki::kTenantB} + ", devices.tenant_id is "));
  EXPECT_THAT(outcome(own, rules).cas, ElementsAre(sha(sphere().tenantA)));
  EXPECT_THAT(outcome(foreign).cas, ElementsAre(sha(sphere().tenantB)));
  const Outcome mixed = outcome(foreign + own, rules);
  EXPECT_THAT(mixed.cas, ElementsAre(sha(sphere().tenantA)));
  EXPECT_THAT(mixed.notes, ElementsAre(StartsWith("left out: `C=US")));
}

TEST(TenantChoice, aPrivateCaNeedsNoGuidWhereNamesAreFree) {
  const auto root = testpki::makePlainCa("Plant Root", kNow);
  const std::string alone = testpki::pem(*root.certificate);
  EXPECT_THAT(outcome(alone).fault, HasSubstr("carries no tenant's GUID"));
  const Outcome made = outcome(alone, anyIdentity());
  EXPECT_THAT(made.cas, ElementsAre(sha(root)));
  EXPECT_THAT(made.notes, ElementsAre(HasSubstr("is a root: it vouches for devices that it signed itself")));

  testpki::Fields fields = testpki::tenantCaFields("x", kNow);
  fields.subject = {{NID_commonName, "Plant Issuing CA"}};
  const auto issuing = testpki::issue(fields, testpki::makeEcKey(), root);
  const Outcome chain = outcome(alone + testpki::pem(*issuing.certificate), anyIdentity());
  EXPECT_THAT(chain.cas, ElementsAre(sha(issuing)));
  EXPECT_THAT(chain.notes, ElementsAre("left out: `CN=Plant Root`, a CA above the tenant's"));
}

TEST(TenantChoice, testsWhatItTakes) {
  testpki::Fields expired = testpki::tenantCaFields(testpki::kTenantA, kNow);
  expired.validity.until = kNow - std::chrono::hours{50};
  EXPECT_THAT(outcome(testpki::pem(*tenantCa(expired).certificate)).fault,
              HasSubstr(" expired 2 d 2 h ago, at 2023-11-12T20:13:20Z; download"));

  testpki::Fields later = testpki::tenantCaFields(testpki::kTenantA, kNow);
  later.validity.from = kNow + std::chrono::hours{50};
  const Outcome early = outcome(testpki::pem(*tenantCa(later).certificate));
  EXPECT_EQ(early.cas.size(), 1u);
  EXPECT_THAT(early.notes,
              ElementsAre(HasSubstr("is valid only from 2023-11-17T00:13:20Z; if that is past, check this machine's clock")));

  testpki::Fields mute = testpki::tenantCaFields(testpki::kTenantA, kNow);
  mute.extensions[0].value = "critical,digitalSignature";
  EXPECT_THAT(outcome(testpki::pem(*tenantCa(mute).certificate)).fault, HasSubstr("is not a CA"));

  testpki::Fields servers = testpki::tenantCaFields(testpki::kTenantA, kNow);
  servers.extensions.push_back({NID_ext_key_usage, "serverAuth"});
  EXPECT_THAT(outcome(testpki::pem(*tenantCa(servers).certificate)).fault,
              HasSubstr("may not issue certificates for TLS clients"));

  const auto weak = tenantCa(testpki::tenantCaFields(testpki::kTenantA, kNow), testpki::makeRsaKey(1024));
  EXPECT_THAT(outcome(testpki::pem(*weak.certificate)).fault, HasSubstr("a key that is too weak"));

  const auto oldCurve = tenantCa(testpki::tenantCaFields(testpki::kTenantA, kNow), testpki::makeEcKey("P-256"));
  EXPECT_EQ(outcome(testpki::pem(*oldCurve.certificate)).cas.size(), 1u);
}

// The tenant CAs of June and July 2020.
TEST(TenantChoice, seesASignatureThatIsNamedDifferentlyInsideAndOutside) {
  std::string bytes = testpki::der(*sphere().tenantA.certificate);
  const std::string sha384{"\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x03", 10};
  const auto outside = bytes.rfind(sha384);
  ASSERT_NE(outside, bytes.find(sha384));
  bytes[outside + 9] = '\x02';
  EXPECT_THAT(outcome(bytes).fault, HasSubstr("names its signature ecdsa-with-SHA384 inside and ecdsa-with-SHA256 outside"));
}

TEST(TenantChoice, anExpiredCaDoesNotHideTheCurrentOne) {
  testpki::Fields expired = testpki::tenantCaFields(testpki::kTenantA, kNow);
  expired.validity.until = kNow - std::chrono::hours{1};
  const Outcome made = outcome(testpki::pem(*tenantCa(expired).certificate) + testpki::pem(*sphere().tenantA.certificate));
  EXPECT_THAT(made.cas, ElementsAre(sha(sphere().tenantA)));
  EXPECT_THAT(made.notes, ElementsAre(HasSubstr(" expired 1 h ago")));
}

TEST(TenantChoice, aStoreOfPublicCasIsRefused) {
  std::string many;
  for (int count = 0; count < 101; ++count) many += testpki::pem(*sphere().tenantA.certificate);
  EXPECT_THAT(outcome(many).fault, HasSubstr("holds 101 certificates, like a store of public CAs"));
}

}  // namespace
}  // namespace spheregate::pki
