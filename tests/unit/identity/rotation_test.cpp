#include <gmock/gmock.h>

#include "fleet.hpp"

namespace spheregate::identity {
namespace {

using std::chrono::hours;
using testing::HasSubstr;

// Two years of a tenant CA, and its successor of the same name that begins 90 days before the end. `order`: which of the two is tried
// first. Neither has key identifiers.
class Rotation : public Fleet, public testing::WithParamInterface<bool> {
 protected:
  static constexpr hours kDay{24};
  Rotation()
      : end{clock.wall() + 200 * kDay},
        old{ca(end - 730 * kDay)},
        next{ca(end - 90 * kDay)} {}

  testpki::Issued ca(testpki::Time from) const {
    testpki::Fields made = testpki::tenantCaFields(testpki::kTenantA, clock.wall());
    made.validity = {from, from + 730 * kDay};
    return testpki::issue(made, testpki::makeEcKey("P-384"), sphere().policy);
  }
  std::unique_ptr<Admission> both() {
    pin(GetParam() ? "1.pem" : "2.pem", old);
    pin(GetParam() ? "2.pem" : "1.pem", next);
    return load();
  }
  void until(testpki::Time moment) { time.pass(moment - clock.wall()); }
  Refusal today(Admission& admission, const testpki::Issued& issuer) {
    return connect(admission, testpki::issue(fields(), testpki::makeEcKey(), issuer)).refusal;
  }

  testpki::Time end;
  testpki::Issued old;
  testpki::Issued next;
};

TEST_P(Rotation, beforeDuringAndAfter) {
  const auto admission = both();
  EXPECT_EQ(today(*admission, old), Refusal::none) << "long before; the next one is not valid yet";
  EXPECT_EQ(today(*admission, next), Refusal::notYetValid);
  until(end - 60 * kDay);
  EXPECT_EQ(today(*admission, old), Refusal::none);
  EXPECT_EQ(today(*admission, next), Refusal::none);
  until(end + kDay);
  EXPECT_EQ(today(*admission, old), Refusal::caExpired) << "the old one is still pinned and has expired";
  EXPECT_EQ(today(*admission, next), Refusal::none);
}

TEST_P(Rotation, tellsWhenTheOldOneMayGo) {
  const auto admission = both();
  const std::string oldSha = x509::sha256(*old.certificate);
  const std::string nextSha = x509::sha256(*next.certificate);
  const auto seen = [&](const std::string& sha) {
    for (const TenantCa& ca : admission->tenantCas()) {
      if (ca.sha256 == sha) return static_cast<int>(ca.devicesSeen);
    }
    return -1;
  };
  until(end - 60 * kDay);
  const auto come = [&](const std::string& device, const testpki::Issued& issuer) {
    return connect(*admission, testpki::issue(testpki::deviceFields(device, testpki::dayAround(clock.wall())), testpki::makeEcKey(), issuer));
  };
  const std::string other(128, 'b');
  EXPECT_EQ(come(id(), old).caSha256, oldSha);
  come(other, old);
  EXPECT_EQ(seen(oldSha), 2);
  come(id(), next);
  EXPECT_EQ(seen(oldSha), 1);
  EXPECT_EQ(seen(nextSha), 1);
  come(other, next);
  EXPECT_EQ(seen(oldSha), 0) << "now it may go";
  std::filesystem::remove(settings.tenantCa / (GetParam() ? "1.pem" : "2.pem"));
  ASSERT_TRUE(admission->reload(settings));
  EXPECT_EQ(seen(nextSha), 2);
}

TEST_P(Rotation, theOldOneWasP256) {
  testpki::Fields made = testpki::tenantCaFields(testpki::kTenantA, clock.wall());
  old = testpki::issue(made, testpki::makeEcKey("P-256"), sphere().policy);
  next = sphere().tenantA;
  const auto admission = both();
  EXPECT_EQ(today(*admission, old), Refusal::none);
  EXPECT_EQ(today(*admission, next), Refusal::none);
}

TEST_P(Rotation, graceHelpsTheOldHalfWhileItsCaLives) {
  settings.expiredGrace = 3 * kDay;
  const auto admission = both();
  until(end - 3 * kDay);
  const testpki::Issued leaf = testpki::issue(fields(), testpki::makeEcKey(), old);
  EXPECT_EQ(connect(*admission, leaf).refusal, Refusal::none);
  until(end - kDay);
  EXPECT_TRUE(connect(*admission, leaf).inGrace);
  until(end + hours{1});
  EXPECT_EQ(connect(*admission, leaf).refusal, Refusal::caExpired);
}

INSTANTIATE_TEST_SUITE_P(InBothOrders, Rotation, testing::Bool(), [](const auto& order) { return order.param ? "OldFirst" : "NextFirst"; });

}  // namespace
}  // namespace spheregate::identity
