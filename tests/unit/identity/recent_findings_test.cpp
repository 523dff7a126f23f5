#include <gtest/gtest.h>

#include "fleet.hpp"

namespace spheregate::identity {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

class RecentFindingsTest : public Fleet {
 protected:
  RecentFindingsTest() { pin("a.pem", sphere().tenantA); }
  std::uint64_t checks() { return counted("device_certificates_checked_total"); }
  testpki::Issued device(testpki::Validity validity) const {
    return testpki::issue(testpki::deviceFields(id(), validity), testpki::makeEcKey(), sphere().tenantA);
  }
};

TEST_F(RecentFindingsTest, whoKnocksOnceASecondIsCheckedOnceAMinute) {
  const auto admission = load();
  const testpki::Issued expired = device({clock.wall() - hours{25}, clock.wall() - hours{1}});
  for (int second = 0; second < 600; ++second) {
    EXPECT_EQ(judge(*admission, expired).refusal, Refusal::expired);
    time.pass(seconds{1});
  }
  EXPECT_EQ(checks(), 10u);
}

TEST_F(RecentFindingsTest, theSentenceIsAlwaysOfNow) {
  const auto admission = load();
  const testpki::Issued expired = device({clock.wall() - hours{25}, clock.wall() - hours{1}});
  const std::string first = judge(*admission, expired).reason;
  time.pass(seconds{30});
  EXPECT_NE(judge(*admission, expired).reason, first);
  EXPECT_EQ(checks(), 1u);
}

TEST_F(RecentFindingsTest, theSignatureOfWhoComesAgainIsCheckedOnce) {
  const auto admission = load();
  const testpki::Issued good = device(testpki::dayAround(clock.wall()));
  for (int knock = 0; knock < 5; ++knock) EXPECT_EQ(judge(*admission, good).refusal, Refusal::none);
  admission->denyAlso({id()});
  for (int knock = 0; knock < 5; ++knock) EXPECT_EQ(judge(*admission, good).refusal, Refusal::denied);
  admission->denyAlso({});
  EXPECT_EQ(judge(*admission, good).refusal, Refusal::none);
  EXPECT_EQ(checks(), 1u);
  ASSERT_TRUE(admission->reload(settings));
  EXPECT_EQ(judge(*admission, good).refusal, Refusal::none);
  EXPECT_EQ(checks(), 2u) << "after a reload nothing that was found before counts";
}

TEST_F(RecentFindingsTest, aCertificateThatExpiresIsNotLetInByWhatWasFound) {
  const auto admission = load();
  const testpki::Issued good = device({clock.wall() - hours{1}, clock.wall() + seconds{5}});
  EXPECT_EQ(judge(*admission, good).refusal, Refusal::none);
  time.pass(seconds{4});
  EXPECT_EQ(judge(*admission, good).refusal, Refusal::none);
  time.pass(seconds{1});
  EXPECT_EQ(judge(*admission, good).refusal, Refusal::expired);
}

TEST_F(RecentFindingsTest, aCaThatExpiresVouchesForNobodyByWhatWasFound) {
  const auto admission = load();
  const std::int64_t caEnds = admission->tenantCas().front().notAfterSeconds;
  const base::WallTime end{std::chrono::seconds{caEnds}};
  const testpki::Issued good = device({clock.wall() - hours{1}, end + hours{1}});
  EXPECT_EQ(judge(*admission, good).refusal, Refusal::none);
  clock.jump(std::chrono::duration_cast<seconds>(end + seconds{1} - clock.wall()));
  EXPECT_EQ(judge(*admission, good).refusal, Refusal::caExpired);
}

TEST_F(RecentFindingsTest, oneBitMakesAnotherCertificate) {
  const auto admission = load();
  const testpki::Issued good = device(testpki::dayAround(clock.wall()));
  EXPECT_EQ(judge(*admission, good).refusal, Refusal::none);
  const testpki::Issued forged = testpki::issue(testpki::deviceFields(id(), testpki::dayAround(clock.wall())), testpki::makeEcKey(),
                                                sphere().tenantANew);
  EXPECT_EQ(judge(*admission, forged).refusal, Refusal::unknownCa) << "the same name, the same issuer's name, another key";
  EXPECT_EQ(judge(*admission, forged).refusal, Refusal::unknownCa);
  EXPECT_EQ(judge(*admission, good).refusal, Refusal::none);
}

TEST_F(RecentFindingsTest, aValidityThatBeginsIsNotMissed) {
  const auto admission = load();
  const testpki::Issued early = device({clock.wall() + seconds{5}, clock.wall() + hours{24}});
  EXPECT_EQ(judge(*admission, early).refusal, Refusal::notYetValid);
  time.pass(seconds{4});
  EXPECT_EQ(judge(*admission, early).refusal, Refusal::notYetValid);
  EXPECT_EQ(checks(), 1u);
  time.pass(seconds{1});
  EXPECT_EQ(judge(*admission, early).refusal, Refusal::none);
}

TEST_F(RecentFindingsTest, aClockThatIsSetIsNotMissed) {
  const auto admission = load();
  const testpki::Issued good = device(testpki::dayAround(clock.wall()));
  clock.jump(hours{48});
  EXPECT_EQ(judge(*admission, good).refusal, Refusal::expired);
  clock.jump(-hours{48});
  EXPECT_EQ(judge(*admission, good).refusal, Refusal::none);
}

TEST_F(RecentFindingsTest, anotherTrustIsNotMissed) {
  const auto admission = load();
  const testpki::Issued next = testpki::issue(fields(), testpki::makeEcKey(), sphere().tenantANew);
  EXPECT_EQ(judge(*admission, next).refusal, Refusal::unknownCa);
  EXPECT_EQ(judge(*admission, next).refusal, Refusal::unknownCa);
  EXPECT_EQ(checks(), 1u);
  pin("b.pem", sphere().tenantANew);
  ASSERT_TRUE(admission->reload(settings));
  EXPECT_EQ(judge(*admission, next).refusal, Refusal::none);
}

TEST_F(RecentFindingsTest, whoBecomesKnownIsNotMissed) {
  settings.expiredGrace = hours{72};
  const auto admission = load();
  const testpki::Issued expired = device({clock.wall() - hours{25}, clock.wall() - hours{1}});
  EXPECT_EQ(judge(*admission, expired).refusal, Refusal::expired);
  connect(*admission, device(testpki::dayAround(clock.wall())));
  EXPECT_TRUE(judge(*admission, expired).inGrace);
}

TEST_F(RecentFindingsTest, aStrangerIsNotEvenChecked) {
  const auto admission = load();
  EXPECT_EQ(judge(*admission, testpki::issue(fields(), testpki::makeEcKey(), sphere().tenantB)).refusal, Refusal::unknownCa);
  EXPECT_EQ(checks(), 0u);
}

}  // namespace
}  // namespace spheregate::identity
