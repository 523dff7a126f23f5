#include <gmock/gmock.h>

#include <chrono>

#include "fleet.hpp"
#include "pki/crl.hpp"

namespace spheregate::identity {
namespace {

using std::chrono::hours;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class RevocationsTest : public Fleet {
 protected:
  RevocationsTest() {
    pin("a.pem", sphere().tenantA);
    settings.crl = file("crls/readme.txt", "lists go here").parent_path();
    settings.crlPolicy = CrlPolicy::prefer;
  }
  // Valid for two days, of today.
  testpki::CrlFields list(std::vector<testpki::Certificate> revoked = {}) const {
    testpki::CrlFields made;
    made.thisUpdate = clock.wall() - hours{1};
    made.nextUpdate = clock.wall() + hours{47};
    made.number = 1;
    made.revoked = std::move(revoked);
    return made;
  }
  void publish(const std::string& name, const testpki::CrlFields& fields, const testpki::Issued& ca = sphere().tenantA) const {
    file("crls/" + name, testpki::pem(*testpki::makeCrl(fields, ca)));
  }
  static testpki::Issued device(const testpki::Fields& wanted, const testpki::Issued& ca = sphere().tenantA) {
    return testpki::issue(wanted, testpki::makeEcKey(), ca);
  }
  const testpki::Issued one = device(fields());
  const testpki::Issued other = device(fields());
};

TEST_F(RevocationsTest, refuseTheCertificateAndNotTheDevice) {
  testpki::CrlFields fields = list({one.certificate});
  fields.reason = CRL_REASON_KEY_COMPROMISE;
  publish("a.crl", fields);
  const auto admission = load();
  const Judgement judgement = judge(*admission, one);
  EXPECT_EQ(judgement.refusal, Refusal::revoked);
  EXPECT_EQ(judgement.x509Error, X509_V_ERR_CERT_REVOKED);
  EXPECT_THAT(judgement.reason, HasSubstr("revoked it at 2023-11-14T21:13:20Z (key compromise), says the list "));
  EXPECT_THAT(judgement.reason, HasSubstr("crls/a.crl"));
  EXPECT_EQ(judge(*admission, other).refusal, Refusal::none);
  ASSERT_THAT(admission->crls(), SizeIs(1));
  const Crl shownList = admission->crls().front();
  EXPECT_EQ(shownList.entries, 1u);
  EXPECT_EQ(shownList.caSha256, admission->tenantCas().front().sha256);
  EXPECT_EQ(base::WallTime{std::chrono::seconds{shownList.nextUpdateSeconds}}, clock.wall() + hours{47});
}

TEST_F(RevocationsTest, endTheSessionOfARevokedCertificate) {
  publish("a.crl", list());
  const auto admission = load();
  const Admitted session = admittedOf(one, connect(*admission, one));
  EXPECT_EQ(admission->judgeAgain(session).refusal, Refusal::none);
  testpki::CrlFields next = list({one.certificate});
  next.number = 2;
  publish("a.crl", next);
  ASSERT_TRUE(admission->reload(settings));
  EXPECT_EQ(admission->judgeAgain(session).refusal, Refusal::revoked);
  EXPECT_EQ(admission->judgeAgain(admittedOf(other, connect(*admission, other))).refusal, Refusal::none);
}

TEST_F(RevocationsTest, areNotLookedAtWhenThePolicyIsOff) {
  file("crls/a.crl", "damaged");
  settings.crlPolicy = CrlPolicy::off;
  EXPECT_EQ(judge(*load(), one).refusal, Refusal::none);
}

TEST_F(RevocationsTest, ofTwoCasWithOneNameBelongToWhoSignedThem) {
  pin("b.pem", sphere().tenantANew);
  const testpki::Issued ofNew = device(fields(), sphere().tenantANew);
  publish("new.crl", list({ofNew.certificate}), sphere().tenantANew);
  settings.crlPolicy = CrlPolicy::require;
  const auto admission = load();
  EXPECT_EQ(judge(*admission, ofNew).refusal, Refusal::revoked);
  const Judgement ofOld = judge(*admission, one);
  EXPECT_EQ(ofOld.refusal, Refusal::crlMissing) << "the list of its namesake says nothing of the old CA";
  publish("old.crl", list());
  ASSERT_TRUE(admission->reload(settings));
  EXPECT_EQ(judge(*admission, one).refusal, Refusal::none);
  ASSERT_THAT(admission->crls(), SizeIs(2));
}

TEST_F(RevocationsTest, theNewestOfACaCounts) {
  testpki::CrlFields older = list({one.certificate});
  older.number = 7;
  testpki::CrlFields newer = list();
  newer.number = 8;
  newer.thisUpdate = older.thisUpdate - hours{5};  // by its number, whatever its date
  for (const bool olderFirst : {true, false}) {
    publish(olderFirst ? "1.crl" : "2.crl", older);
    publish(olderFirst ? "2.crl" : "1.crl", newer);
    EXPECT_EQ(judge(*load(), one).refusal, Refusal::none);
  }
  older.number = newer.number = {};
  publish("1.crl", older);
  publish("2.crl", newer);
  EXPECT_EQ(judge(*load(), one).refusal, Refusal::revoked) << "without numbers by the date";
}

TEST_F(RevocationsTest, inPartsCountTogether) {
  testpki::CrlFields first = list({one.certificate});
  first.extensions = {{NID_issuing_distribution_point, "critical,DER:30:0b:a0:09:a0:07:86:05:68:3a:2f:2f:31"}};
  testpki::CrlFields second = list({other.certificate});
  second.extensions = {{NID_issuing_distribution_point, "critical,DER:30:0b:a0:09:a0:07:86:05:68:3a:2f:2f:32"}};
  publish("1.crl", first);
  publish("2.crl", second);
  const auto admission = load();
  EXPECT_THAT(admission->crls(), SizeIs(2));
  EXPECT_EQ(judge(*admission, one).refusal, Refusal::revoked);
  EXPECT_EQ(judge(*admission, other).refusal, Refusal::revoked);
}

TEST_F(RevocationsTest, staleOnesAreObeyedOrStopTheCaByPolicy) {
  publish("a.crl", list({one.certificate}));
  const auto preferring = load();
  settings.crlPolicy = CrlPolicy::require;
  const auto requiring = load();
  const testpki::Issued lasting = device(testpki::deviceFields(id(), {clock.wall(), clock.wall() + hours{240}}));
  const testpki::Issued bad = device(testpki::deviceFields(id(), {clock.wall(), clock.wall() + hours{240}}));
  const Admitted session = admittedOf(lasting, connect(*requiring, lasting));
  publish("a.crl", list({bad.certificate}));
  ASSERT_TRUE(preferring->reload(settings));
  settings.crlPolicy = CrlPolicy::prefer;
  ASSERT_TRUE(preferring->reload(settings));
  time.pass(hours{48});
  EXPECT_EQ(judge(*preferring, bad).refusal, Refusal::revoked);
  EXPECT_EQ(judge(*preferring, lasting).refusal, Refusal::none);
  const Judgement stale = judge(*requiring, lasting);
  EXPECT_EQ(stale.refusal, Refusal::crlStale);
  EXPECT_EQ(stale.x509Error, X509_V_ERR_CRL_HAS_EXPIRED);
  EXPECT_THAT(stale.reason, HasSubstr("the next one was due 1 h ago"));
  EXPECT_EQ(requiring->judgeAgain(session).refusal, Refusal::none) << "who is in was checked when it came";
}

TEST_F(RevocationsTest, anEmptyDirectoryIsNoErrorButRequireLetsNobodyIn) {
  EXPECT_EQ(judge(*load(), one).refusal, Refusal::none);
  settings.crlPolicy = CrlPolicy::require;
  const Judgement judgement = judge(*load(), one);
  EXPECT_EQ(judgement.refusal, Refusal::crlMissing);
  EXPECT_THAT(judgement.fix, HasSubstr("put the CA's current list into devices.crl"));
}

TEST_F(RevocationsTest, ofOthersAreLeftAside) {
  publish("b.crl", list(), sphere().tenantB);
  publish("namesake.crl", list({one.certificate}), sphere().tenantANew);
  const auto admission = load();
  EXPECT_THAT(admission->crls(), IsEmpty());
  EXPECT_EQ(judge(*admission, one).refusal, Refusal::none);
}

TEST_F(RevocationsTest, thatCannotBeReadChangeNothing) {
  publish("a.crl", list({one.certificate}));
  const auto admission = load();
  file("crls/b.crl", "\x30\x82 damaged");
  const auto reloaded = admission->reload(settings);
  ASSERT_FALSE(reloaded);
  EXPECT_THAT(reloaded.error(), HasSubstr("b.crl: is not a revocation list"));
  EXPECT_EQ(judge(*admission, one).refusal, Refusal::revoked);
  settings.crl = "/nonexistent";
  EXPECT_THAT(loadError(), HasSubstr("/nonexistent: does not exist"));
}

TEST_F(RevocationsTest, thatDoNotSayEverythingAreRefused) {
  const auto errorWith = [&](testpki::Extension extension) {
    testpki::CrlFields fields = list();
    fields.extensions = {std::move(extension)};
    publish("a.crl", fields);
    return loadError();
  };
  EXPECT_THAT(errorWith({NID_delta_crl, "critical,DER:02:01:01"}), HasSubstr("a.crl: the list of `"));
  EXPECT_THAT(errorWith({NID_delta_crl, "critical,DER:02:01:01"}), HasSubstr("a delta list"));
  EXPECT_THAT(errorWith({NID_issuing_distribution_point, "critical,DER:30:03:84:01:ff"}), HasSubstr("an indirect list"));
  EXPECT_THAT(errorWith({NID_issuing_distribution_point, "critical,DER:30:03:82:01:ff"}), HasSubstr("only of CAs"));
  EXPECT_THAT(errorWith({NID_issuing_distribution_point, "critical,DER:30:04:83:02:06:40"}), HasSubstr("some reasons only"));
  EXPECT_THAT(errorWith({NID_netscape_comment, "critical,what is this"}), HasSubstr("critical extension that the gateway does not know"));
  testpki::CrlFields weak = list();
  weak.digest = EVP_sha1();
  publish("a.crl", weak);
  EXPECT_THAT(loadError(), HasSubstr("digest that is too weak"));
  testpki::CrlFields endless = list();
  endless.nextUpdate = {};
  publish("a.crl", endless);
  EXPECT_EQ(judge(*load(), one).refusal, Refusal::none);
  settings.crlPolicy = CrlPolicy::require;
  EXPECT_THAT(loadError(), HasSubstr("does not say when the next one is due"));
}

TEST_F(RevocationsTest, aHundredThousandEntriesCostNothingToLookUp) {
  testpki::CrlFields fields = list({one.certificate});
  fields.fillers = 100'000;
  const testpki::Crl crl = testpki::makeCrl(fields, sphere().tenantA);
  file("crls/a.crl", testpki::der(*crl));
  const auto admission = load();
  EXPECT_EQ(admission->crls().front().entries, 100'001u);
  EXPECT_EQ(judge(*admission, one).refusal, Refusal::revoked);
  const Admitted session = admittedOf(other, connect(*admission, other));
  const auto begin = std::chrono::steady_clock::now();
  for (int look = 0; look < 1000; ++look) ASSERT_EQ(admission->judgeAgain(session).refusal, Refusal::none);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds{2}) << "a walk through the list would take a minute";
}

TEST_F(RevocationsTest, aSerialNumberThatCannotBeLookedUpIsNotLetIn) {
  publish("a.crl", list());
  const auto admission = load();
  Admitted session = admittedOf(one, connect(*admission, one));
  for (const char* serial : {"", "xyz", "0123…"}) {
    session.serial = serial;
    EXPECT_EQ(admission->judgeAgain(session).refusal, Refusal::other) << serial;
  }
}

TEST_F(RevocationsTest, areForWhoIsInGraceToo) {
  settings.expiredGrace = hours{72};
  testpki::CrlFields fields = list({one.certificate});
  publish("a.crl", fields);
  const auto admission = load();
  known.seen(id(), admission->tenantCas().front().sha256, 0);
  time.pass(hours{30});
  EXPECT_EQ(judge(*admission, one).refusal, Refusal::revoked);
  EXPECT_TRUE(judge(*admission, other).inGrace);
}

}  // namespace
}  // namespace spheregate::identity
