#include <gmock/gmock.h>
#include <openssl/err.h>

#include <map>

#include "fleet.hpp"

namespace spheregate::identity {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using testing::HasSubstr;

class AdmissionTest : public Fleet {};

TEST_F(AdmissionTest, letsADeviceOfTheTenantIn) {
  pin("a.pem", sphere().tenantA);
  const auto admission = load();
  const Judgement judgement = judge(*admission, fields());
  EXPECT_EQ(judgement.refusal, Refusal::none) << judgement.reason;
  EXPECT_EQ(judgement.x509Error, X509_V_OK);
  EXPECT_EQ(judgement.deviceId, id());
  EXPECT_EQ(judgement.caSha256, admission->tenantCas().front().sha256);
  EXPECT_EQ(judgement.reason + judgement.fix, "");
}

TEST_F(AdmissionTest, refusesEveryFaultForItsOwnReason) {
  const std::map<std::string, std::string> expected{
      {"wrong_ca", "unknown_ca"},
      {"tenant_b", "unknown_ca"},
      {"tenant_b_chain", "unknown_ca"},
      {"expired", "expired"},
      {"not_yet_valid", "not_yet_valid"},
      {"ca_true", "is_ca"},
      {"two_cn", "several_names"},
      {"embedded_nul", "bad_name"},
      {"upper_case", "upper_case_name"},
      {"short_cn", "bad_name"},
      {"non_hex", "bad_name"},
      {"no_cn", "no_name"},
      {"server_only", "not_a_client_certificate"},
      {"pop", "not_a_client_certificate"},
  };
  pin("a.pem", sphere().tenantA);
  const auto admission = load();
  std::map<std::string, std::string> found;
  for (const testpki::Variant& variant : testpki::makeVariants(sphere(), id(), clock.wall())) {
    const Judgement judgement = judge(*admission, variant.issued);
    found[variant.name] = label(judgement.refusal);
    EXPECT_NE(judgement.x509Error, X509_V_OK) << variant.name;
    EXPECT_NE(judgement.reason, "") << variant.name;
    EXPECT_NE(judgement.fix, "") << variant.name;
    EXPECT_EQ(judgement.deviceId + judgement.caSha256, "") << variant.name;
  }
  EXPECT_EQ(found, expected);
}

TEST_F(AdmissionTest, servesBothHalvesOfAFleetInRotationWhateverTheOrder) {
  const testpki::Issued oldHalf = testpki::issue(fields(), testpki::makeEcKey(), sphere().tenantA);
  const testpki::Issued newHalf = testpki::issue(fields(), testpki::makeEcKey(), sphere().tenantANew);
  for (const bool oldFirst : {true, false}) {
    pin("1.pem", oldFirst ? sphere().tenantA : sphere().tenantANew);
    pin("2.pem", oldFirst ? sphere().tenantANew : sphere().tenantA);
    const auto admission = load();
    ASSERT_EQ(admission->tenantCas().size(), 2u);
    EXPECT_EQ(admission->tenantCas()[0].subject, admission->tenantCas()[1].subject);
    const Judgement ofOld = judge(*admission, oldHalf);
    const Judgement ofNew = judge(*admission, newHalf);
    EXPECT_EQ(ofOld.refusal, Refusal::none) << ofOld.reason;
    EXPECT_EQ(ofNew.refusal, Refusal::none) << ofNew.reason;
    EXPECT_NE(ofOld.caSha256, ofNew.caSha256);
  }
}

TEST_F(AdmissionTest, saysThatTheNextCaOfTheTenantIsMissing) {
  pin("a.pem", sphere().tenantA);
  const Judgement judgement = judge(*load(), testpki::issue(fields(), testpki::makeEcKey(), sphere().tenantANew));
  EXPECT_EQ(judgement.refusal, Refusal::unknownCa);
  EXPECT_EQ(judgement.x509Error, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY);
  EXPECT_THAT(judgement.reason, HasSubstr("the name of a pinned CA but another key"));
  EXPECT_THAT(judgement.fix, HasSubstr("the new one beside the old one"));
}

TEST_F(AdmissionTest, saysHowLongAgoACertificateExpired) {
  for (const char* name : {"1.pem", "2.pem"}) pin(name, name[0] == '1' ? sphere().tenantANew : sphere().tenantA);
  const auto admission = load();
  const testpki::Issued device = testpki::issue(fields(), testpki::makeEcKey(), sphere().tenantA);
  clock.advance(hours{24});
  const Judgement judgement = judge(*admission, device);
  // The CA of the same name that did not sign it must not make an unknown CA of it.
  EXPECT_EQ(judgement.refusal, Refusal::expired);
  EXPECT_EQ(judgement.x509Error, X509_V_ERR_CERT_HAS_EXPIRED);
  EXPECT_EQ(judgement.reason,
            "the certificate expired 5 min ago, at 2023-11-15T22:08:20Z; the gateway's clock says 2023-11-15T22:13:20Z; "
            "it may be fast by about 5 min");
}

TEST_F(AdmissionTest, judgesAtTheMomentOfTheClock) {
  pin("a.pem", sphere().tenantA);
  const auto admission = load();
  const testpki::Issued device = testpki::issue(fields(), testpki::makeEcKey(), sphere().tenantA);
  clock.advance(-minutes{8});
  const Judgement early = judge(*admission, device);
  EXPECT_EQ(early.refusal, Refusal::notYetValid);
  EXPECT_EQ(early.reason,
            "the certificate becomes valid in 3 min, at 2023-11-14T22:08:20Z; the gateway's clock says 2023-11-14T22:05:20Z; "
            "it may be slow by about 3 min");
  clock.advance(minutes{4});
  EXPECT_EQ(judge(*admission, device).refusal, Refusal::none);
}

TEST_F(AdmissionTest, tellsAnExpiredCaFromAnExpiredDevice) {
  pin("a.pem", sphere().tenantA);
  clock.advance(hours{24 * 400});
  const auto admission = load();
  const Judgement judgement = judge(*admission, fields());
  EXPECT_EQ(judgement.refusal, Refusal::caExpired);
  EXPECT_THAT(judgement.reason, HasSubstr("a.pem) expired 35 d ago"));
}

TEST_F(AdmissionTest, namesTheCaThatIsNotGoodEnough) {
  testpki::Fields odd = testpki::tenantCaFields(testpki::kTenantA, clock.wall());
  odd.extensions.push_back({NID_netscape_comment, "critical,what is this"});
  pin("odd.pem", testpki::issue(odd, sphere().tenantA.key, sphere().policy));
  const Judgement judgement = judge(*load(), fields());
  EXPECT_EQ(judgement.refusal, Refusal::other);
  EXPECT_THAT(judgement.reason, HasSubstr("odd.pem) does not serve: unhandled critical extension"));
}

TEST_F(AdmissionTest, doesNotUseACaBeforeItsTime) {
  pin("a.pem", sphere().tenantA);
  clock.advance(-hours{24 * 400});
  const Judgement future = judge(*load(), fields());
  EXPECT_EQ(future.refusal, Refusal::notYetValid);
  EXPECT_THAT(future.reason, HasSubstr("a.pem) is not yet valid"));
}

TEST_F(AdmissionTest, aRenewedCaOfTheSameKeyReplacesTheExpiredOne) {
  testpki::Fields shortLived = testpki::tenantCaFields(testpki::kTenantA, clock.wall());
  shortLived.validity.until = clock.wall() + hours{1};
  pin("1.pem", testpki::issue(shortLived, sphere().tenantA.key, sphere().policy));
  pin("2.pem", sphere().tenantA);
  const auto admission = load();
  clock.advance(hours{2});
  const testpki::Issued device = testpki::issue(fields(), testpki::makeEcKey(), sphere().tenantA);
  const Judgement judgement = judge(*admission, device);
  EXPECT_EQ(judgement.refusal, Refusal::none) << judgement.reason;
  EXPECT_EQ(judgement.caSha256, admission->tenantCas()[1].sha256);
  clock.advance(hours{24});
  EXPECT_EQ(judge(*admission, device).refusal, Refusal::expired);
}

TEST_F(AdmissionTest, aPinnedRootLetsNoOtherTenantIn) {
  pin("root.pem", sphere().root);
  pin("policy.pem", sphere().policy);
  pin("a.pem", sphere().tenantA);
  const auto admission = load();
  EXPECT_EQ(judge(*admission, testpki::issue(fields(), testpki::makeEcKey(), sphere().tenantB)).refusal, Refusal::unknownCa);
  EXPECT_EQ(judge(*admission, fields()).refusal, Refusal::none);
}

TEST_F(AdmissionTest, thePinnedCaItselfIsNoDevice) {
  const testpki::Issued plain = testpki::makePlainCa("Plain CA", clock.wall());
  pin("plain.pem", plain);
  pin("a.pem", sphere().tenantA);
  const auto admission = load();
  EXPECT_EQ(judge(*admission, plain).refusal, Refusal::isCa);
  EXPECT_EQ(judge(*admission, sphere().tenantA).refusal, Refusal::unknownCa);
}

TEST_F(AdmissionTest, leavesNothingInTheErrorQueue) {
  pin("a.pem", sphere().tenantA);
  const auto admission = load();
  judge(*admission, testpki::issue(fields(), testpki::makeEcKey(), sphere().tenantANew));
  EXPECT_EQ(ERR_peek_error(), 0u);
}

TEST_F(AdmissionTest, theDenyListWinsOverTheAllowList) {
  pin("a.pem", sphere().tenantA);
  settings.allowFile = file("allow.txt", id() + "\n");
  EXPECT_EQ(judge(*load(), fields()).refusal, Refusal::none);
  settings.denyFile = file("deny.txt", "# stolen\n" + id() + "  # on Monday\r\n");
  const Judgement judgement = judge(*load(), fields());
  EXPECT_EQ(judgement.refusal, Refusal::denied);
  EXPECT_THAT(judgement.fix, HasSubstr("devices.deny_file"));
}

TEST_F(AdmissionTest, deniesMoreAtRunTimeAndTakesItBack) {
  pin("a.pem", sphere().tenantA);
  settings.denyFile = file("deny.txt", std::string(128, 'a') + "\n");
  const auto admission = load();
  admission->denyAlso({id(), std::string(128, 'b')});
  EXPECT_EQ(judge(*admission, fields()).refusal, Refusal::denied);
  EXPECT_THAT(judge(*admission, fields()).fix, HasSubstr("spheregate.denyList"));
  admission->denyAlso({});
  EXPECT_EQ(judge(*admission, fields()).refusal, Refusal::none);
}

TEST_F(AdmissionTest, anAllowListKeepsEverybodyElseOut) {
  pin("a.pem", sphere().tenantA);
  settings.allowFile = file("allow.txt", std::string(128, 'a') + "\n");
  EXPECT_EQ(judge(*load(), fields()).refusal, Refusal::notAllowed);
  settings.allowFile = file("nobody.txt", "# nobody yet\n");
  EXPECT_EQ(judge(*load(), fields()).refusal, Refusal::notAllowed);
}

}  // namespace
}  // namespace spheregate::identity
