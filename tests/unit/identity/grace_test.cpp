#include <gmock/gmock.h>

#include "fleet.hpp"
#include "grace_log.hpp"

namespace spheregate::identity {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::HasSubstr;

// A certificate of 24 hours that began five minutes ago, and a grace of three days.
class Grace : public Fleet {
 protected:
  Grace() {
    pin("a.pem", sphere().tenantA);
    settings.expiredGrace = hours{72};
  }
  testpki::Issued device(const testpki::Fields& wanted) const { return testpki::issue(wanted, testpki::makeEcKey(), sphere().tenantA); }
  testpki::Issued device() const { return device(fields()); }
  void expire(base::Duration ago = minutes{1}) { time.pass(hours{24} - minutes{5} + ago); }
};

TEST_F(Grace, letsInWhoWasSeenBefore) {
  const auto admission = load();
  const testpki::Issued leaf = device();
  EXPECT_FALSE(connect(*admission, leaf).inGrace);
  expire();
  const Judgement judgement = connect(*admission, leaf);
  EXPECT_EQ(judgement.refusal, Refusal::none) << judgement.reason;
  EXPECT_TRUE(judgement.inGrace);
  EXPECT_EQ(judgement.deviceId, id());
  EXPECT_EQ(judgement.x509Error, X509_V_OK);
  EXPECT_EQ(counted("devices_admitted_in_grace_total"), 1u);
}

TEST_F(Grace, endsToTheSecond) {
  const auto admission = load();
  const testpki::Issued leaf = device();
  connect(*admission, leaf);
  time.pass(hours{24} - minutes{5} - seconds{1});
  EXPECT_FALSE(judge(*admission, leaf).inGrace);
  time.pass(seconds{1});
  EXPECT_TRUE(judge(*admission, leaf).inGrace);
  time.pass(hours{72});
  EXPECT_TRUE(judge(*admission, leaf).inGrace);
  time.pass(seconds{1});
  EXPECT_EQ(judge(*admission, leaf).refusal, Refusal::expired);
}

TEST_F(Grace, isOffUnlessItIsAskedFor) {
  settings.expiredGrace = {};
  const auto admission = load();
  const testpki::Issued leaf = device();
  connect(*admission, leaf);
  time.pass(hours{24} - minutes{5});
  EXPECT_EQ(judge(*admission, leaf).refusal, Refusal::expired);
}

TEST_F(Grace, isNotForStrangers) {
  const auto admission = load();
  const testpki::Issued leaf = device();
  expire();
  const Judgement judgement = connect(*admission, leaf);
  EXPECT_EQ(judgement.refusal, Refusal::expired);
  EXPECT_THAT(judgement.reason, HasSubstr("devices.expired_grace is for devices that were let in with a valid certificate before"));
  EXPECT_FALSE(known.knows(id()));
}

TEST_F(Grace, aCertificateThatWasOnlyShownMakesNobodyKnown) {
  const auto admission = load();
  const testpki::Issued leaf = device();
  EXPECT_EQ(judge(*admission, leaf).refusal, Refusal::none);
  expire();
  EXPECT_EQ(judge(*admission, leaf).refusal, Refusal::expired) << "nobody has shown the key";
}

TEST_F(Grace, doesNotMakeAnybodyKnownOrSeen) {
  const auto admission = load();
  const testpki::Issued leaf = device();
  connect(*admission, leaf);
  const auto before = known.of(id());
  expire();
  connect(*admission, leaf);
  EXPECT_EQ(known.of(id()), before);
}

TEST_F(Grace, coversNoOtherFault) {
  const auto admission = load();
  connect(*admission, device());
  testpki::Fields odd = fields();
  odd.extensions = {{NID_ext_key_usage, "serverAuth"}};
  const testpki::Issued server = device(odd);
  odd = fields();
  odd.extensions.push_back({NID_netscape_comment, "critical,what is this"});
  const testpki::Issued critical = device(odd);
  const testpki::Issued foreign = testpki::issue(fields(), testpki::makeEcKey(), sphere().tenantB);
  const testpki::Issued next = testpki::issue(fields(), testpki::makeEcKey(), sphere().tenantANew);
  expire();
  EXPECT_EQ(judge(*admission, server).refusal, Refusal::notAClientCertificate);
  EXPECT_EQ(judge(*admission, critical).refusal, Refusal::other);
  EXPECT_EQ(judge(*admission, foreign).refusal, Refusal::unknownCa);
  EXPECT_EQ(judge(*admission, next).refusal, Refusal::unknownCa);
}

TEST_F(Grace, isNeverForACa) {
  testpki::Fields ends = testpki::tenantCaFields(testpki::kTenantA, clock.wall());
  ends.validity.until = clock.wall() + hours{24};
  pin("a.pem", testpki::issue(ends, sphere().tenantA.key, sphere().policy));
  const auto admission = load();
  const testpki::Issued leaf = device();
  connect(*admission, leaf);
  expire(hours{1});
  EXPECT_EQ(judge(*admission, leaf).refusal, Refusal::caExpired);
}

TEST_F(Grace, theDeniedStayDenied) {
  const auto admission = load();
  const testpki::Issued leaf = device();
  connect(*admission, leaf);
  admission->denyAlso({id()});
  expire();
  EXPECT_EQ(judge(*admission, leaf).refusal, Refusal::denied);
}

TEST_F(Grace, outlivesARestartIfTheStoreIsThere) {
  const testpki::Issued leaf = device();
  {
    const auto admission = load();
    connect(*admission, leaf);
    time.settle();
  }
  expire();
  KnownDevices again{store, time.timers, metrics};
  EXPECT_TRUE((*Admission::load(settings, floor, again, metrics))->judge(*leaf.certificate).inGrace);
  store.breakDown("no disk");
  KnownDevices nobody{store, time.timers, metrics};
  EXPECT_EQ((*Admission::load(settings, floor, nobody, metrics))->judge(*leaf.certificate).refusal, Refusal::expired);
}

TEST_F(Grace, aSessionEndsWithItsCertificateAndTheGrace) {
  const auto admission = load();
  const testpki::Issued leaf = device();
  const Admitted session = admittedOf(leaf, connect(*admission, leaf));
  expire(hours{72} - minutes{1});
  EXPECT_EQ(admission->judgeAgain(session).refusal, Refusal::none);
  time.pass(minutes{2});
  const Judgement over = admission->judgeAgain(session);
  EXPECT_EQ(over.refusal, Refusal::expired);
  EXPECT_EQ(over.reason,
            "the certificate that the session began with expired at 2023-11-15T22:08:20Z and devices.expired_grace is over; the gateway's "
            "clock says 2023-11-18T22:09:20Z");
  settings.expiredSession = ExpiredSession::keep;
  EXPECT_TRUE(admission->reload(settings));
  EXPECT_EQ(admission->judgeAgain(session).refusal, Refusal::none);
}

TEST_F(Grace, withoutItASessionEndsWithItsCertificate) {
  settings.expiredGrace = {};
  const auto admission = load();
  const testpki::Issued leaf = device();
  const Admitted session = admittedOf(leaf, connect(*admission, leaf));
  time.pass(hours{24} - minutes{5} - seconds{1});
  EXPECT_EQ(admission->judgeAgain(session).refusal, Refusal::none);
  time.pass(seconds{1});
  EXPECT_EQ(admission->judgeAgain(session).refusal, Refusal::expired);
  EXPECT_EQ(judge(*admission, leaf).refusal, Refusal::expired) << "the door and the session agree";
}

TEST_F(Grace, aSessionEndsWithItsCaToo) {
  const auto admission = load();
  testpki::Fields lasting = fields();
  lasting.validity.until = clock.wall() + hours{24 * 800};
  const testpki::Issued leaf = device(lasting);
  const Admitted session = admittedOf(leaf, connect(*admission, leaf));
  time.pass(hours{24 * 366});
  EXPECT_EQ(admission->judgeAgain(session).refusal, Refusal::caExpired);
}

TEST_F(Grace, isToldOnceAnHourForEachCertificate) {
  GraceLog log;
  Admitted one;
  one.certificateSha256 = std::string(64, 'a');
  Admitted other = one;
  other.certificateSha256[3] = 'b';
  EXPECT_TRUE(log.tell(one, 10, 20, clock.now()));
  EXPECT_FALSE(log.tell(one, 11, 20, clock.now() + minutes{59}));
  EXPECT_TRUE(log.tell(other, 11, 20, clock.now()));
  EXPECT_TRUE(log.tell(one, 12, 20, clock.now() + hours{1}));
}

}  // namespace
}  // namespace spheregate::identity
