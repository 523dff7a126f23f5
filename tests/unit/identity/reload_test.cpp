#include <gmock/gmock.h>

#include "fleet.hpp"

namespace spheregate::identity {
namespace {

using std::chrono::hours;
using testing::HasSubstr;

class Reload : public Fleet {
 protected:
  Reload() {
    pin("a.pem", sphere().tenantA);
    admission = load();
  }
  std::string reload() {
    const auto done = admission->reload(settings);
    return done ? "" : done.error();
  }
  testpki::Issued device() const { return testpki::issue(fields(), testpki::makeEcKey(), sphere().tenantA); }
  void unpin(const std::string& name) const { std::filesystem::remove(settings.tenantCa / name); }

  std::unique_ptr<Admission> admission;
};

TEST_F(Reload, takesWhatIsThereNow) {
  const testpki::Issued other = testpki::issue(fields(), testpki::makeEcKey(), sphere().tenantB);
  EXPECT_EQ(judge(*admission, other).refusal, Refusal::unknownCa);
  pin("b.pem", sphere().tenantB);
  EXPECT_EQ(reload(), "");
  EXPECT_EQ(judge(*admission, other).refusal, Refusal::none);
  EXPECT_EQ(admission->tenantCas().size(), 2u);
  settings.denyFile = file("deny.txt", id() + "\n");
  EXPECT_EQ(reload(), "");
  EXPECT_EQ(judge(*admission, other).refusal, Refusal::denied);
}

TEST_F(Reload, ofAnythingBrokenChangesNothing) {
  const Judgement before = judge(*admission, device());
  pin("b.pem", sphere().tenantB);
  file("tenant-ca.d/c.pem", "-----BEGIN CERTIFICATE-----\nxx\n-----END CERTIFICATE-----\n");
  EXPECT_THAT(reload(), HasSubstr("c.pem"));
  unpin("c.pem");
  settings.denyFile = file("deny.txt", "what is this\n");
  EXPECT_THAT(reload(), HasSubstr("deny.txt:1"));
  EXPECT_EQ(admission->tenantCas().size(), 1u) << "all or nothing";
  EXPECT_EQ(judge(*admission, device()).refusal, before.refusal);
  settings.denyFile.clear();
  EXPECT_EQ(reload(), "");
  EXPECT_EQ(admission->tenantCas().size(), 2u);
}

TEST_F(Reload, keepsWhatWasDeniedAtRunTime) {
  admission->denyAlso({id()});
  EXPECT_EQ(reload(), "");
  EXPECT_EQ(judge(*admission, device()).refusal, Refusal::denied);
}

TEST_F(Reload, endsTheSessionsThatMayNoLongerBe) {
  const testpki::Issued leaf = device();
  const Admitted session = admittedOf(leaf, connect(*admission, leaf));
  EXPECT_EQ(admission->judgeAgain(session).refusal, Refusal::none);
  EXPECT_EQ(admission->judgeAgain(session).deviceId, id());

  settings.denyFile = file("deny.txt", id() + "\n");
  EXPECT_EQ(reload(), "");
  EXPECT_EQ(admission->judgeAgain(session).refusal, Refusal::denied);
  settings.denyFile.clear();
  settings.allowFile = file("allow.txt", std::string(128, 'a') + "\n");
  EXPECT_EQ(reload(), "");
  EXPECT_EQ(admission->judgeAgain(session).refusal, Refusal::notAllowed);
  settings.allowFile.clear();
  EXPECT_EQ(reload(), "");
  EXPECT_EQ(admission->judgeAgain(session).refusal, Refusal::none);

  pin("new.pem", sphere().tenantANew);
  unpin("a.pem");
  EXPECT_EQ(reload(), "");
  const Judgement removed = admission->judgeAgain(session);
  EXPECT_EQ(removed.refusal, Refusal::unknownCa) << "the CA of the same name did not issue it";
  EXPECT_THAT(removed.reason, HasSubstr("no longer in devices.tenant_ca"));
}

TEST_F(Reload, aTwinMayEndASessionToo) {
  const testpki::Issued leaf = device();
  const Admitted session = admittedOf(leaf, connect(*admission, leaf));
  admission->denyAlso({id()});
  EXPECT_EQ(admission->judgeAgain(session).refusal, Refusal::denied);
}

TEST_F(Reload, aStricterRuleForNamesCountsForSessionsToo) {
  settings.nameRule = NameRule::any;
  EXPECT_EQ(reload(), "");
  testpki::Fields named = fields();
  named.subject = {{NID_commonName, "pump-7"}};
  const testpki::Issued leaf = testpki::issue(named, testpki::makeEcKey(), sphere().tenantA);
  const Admitted session = admittedOf(leaf, connect(*admission, leaf));
  EXPECT_EQ(admission->judgeAgain(session).refusal, Refusal::none);
  settings.nameRule = NameRule::sphere;
  EXPECT_EQ(reload(), "");
  EXPECT_EQ(admission->judgeAgain(session).refusal, Refusal::badName);
}

}  // namespace
}  // namespace spheregate::identity
