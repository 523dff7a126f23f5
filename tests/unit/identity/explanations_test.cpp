#include <gmock/gmock.h>

#include "extensions_text.hpp"
#include "fleet.hpp"

namespace spheregate::identity {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class Explanations : public Fleet {
 protected:
  Explanations() { pin("a.pem", sphere().tenantA); }
  // How long ago it began, and when it ends from now.
  testpki::Issued device(base::Duration began, base::Duration ends) const {
    const auto now = clock.wall();
    const auto wall = [](base::Duration span) { return std::chrono::duration_cast<base::WallTime::duration>(span); };
    return testpki::issue(testpki::deviceFields(id(), {now - wall(began), now + wall(ends)}), testpki::makeEcKey(), sphere().tenantA);
  }
};

TEST_F(Explanations, nameTheOtherTenant) {
  const Judgement judgement = judge(*load(), testpki::issue(fields(), testpki::makeEcKey(), sphere().tenantB));
  EXPECT_EQ(judgement.refusal, Refusal::unknownCa);
  EXPECT_EQ(judgement.reason,
            "it was issued by the CA of tenant 0d9e8f7a-6b5c-4d3e-9f10-a0b1c2d3e4f5; pinned are CAs of 6f1c2a34-0b5d-4e7f-8a90-1b2c3d4e5f60");
}

TEST_F(Explanations, countThePinnedCas) {
  const testpki::Issued stranger = testpki::selfSigned(fields(), testpki::makeEcKey());
  EXPECT_EQ(judge(*load(), stranger).reason, "its issuer is not the pinned tenant CA");
  pin("b.pem", sphere().tenantB);
  EXPECT_EQ(judge(*load(), stranger).reason, "its issuer is none of the 2 pinned tenant CAs");
}

TEST_F(Explanations, nameTheExtensionsOfACertificateForSomethingElse) {
  const auto admission = load();
  for (const testpki::Variant& variant : testpki::makeVariants(sphere(), id(), clock.wall())) {
    if (variant.name != "pop") continue;
    const std::string reason = judge(*admission, variant.issued).reason;
    EXPECT_THAT(reason, AllOf(HasSubstr("X509v3 Key Usage (critical): Encipher Only"), HasSubstr("X509v3 Extended Key Usage (critical): ")));
  }
}

TEST_F(Explanations, areShortAndPlainWhateverTheIssuerWrote) {
  testpki::Fields odd = fields();
  odd.extensions = {{NID_netscape_comment, std::string(5000, 'x')}, {NID_ext_key_usage, "serverAuth"}};
  const testpki::Issued device = testpki::issue(odd, testpki::makeEcKey(), sphere().tenantA);
  EXPECT_LE(extensionsText(*device.certificate).size(), 600u);
  EXPECT_THAT(extensionsText(*device.certificate), HasSubstr("TLS Web Server Authentication"));
  EXPECT_EQ(extensionsText(*testpki::issue({fields().subject, fields().validity, {}}, testpki::makeEcKey(), sphere().tenantA).certificate), "none");
}

TEST_F(Explanations, doubtTheClockWithinTenMinutesOfABoundary) {
  const auto admission = load();
  for (const auto& [away, about] : {std::pair{seconds{30}, "about 1 min"}, {seconds{61}, "about 2 min"}, {seconds{600}, "about 10 min"}}) {
    EXPECT_THAT(judge(*admission, device(-away, hours{24})).reason, HasSubstr(std::string{"it may be slow by "} + about));
    EXPECT_THAT(judge(*admission, device(hours{24}, -away)).reason, HasSubstr(std::string{"it may be fast by "} + about));
  }
  EXPECT_THAT(judge(*admission, device(-seconds{601}, hours{24})).reason, Not(HasSubstr("it may be")));
  EXPECT_THAT(judge(*admission, device(hours{24}, -seconds{601})).reason, Not(HasSubstr("it may be")));
}

TEST_F(Explanations, nameBothClocksWhenOursCannotBeRight) {
  const testpki::Issued fresh = device(-minutes{5}, hours{24});
  ClockFloor later{clock, store, metrics, clock.wall()};
  clock.jump(-hours{24 * 365 * 20});
  const auto admission = Admission::load(settings, later, known, metrics);
  ASSERT_TRUE(admission);
  const Judgement judgement = judge(**admission, fresh);
  EXPECT_EQ(judgement.refusal, Refusal::notYetValid);
  EXPECT_THAT(judgement.reason, AllOf(HasSubstr("the gateway's clock says 2003-11-19T22:13:20Z, which is too early to be true"),
                                      HasSubstr("so certificates are judged by 2023-11-14T22:13:20Z")));
}

TEST_F(Explanations, aClockOfThePastBringsNothingBackToLife) {
  const testpki::Issued expired = device(hours{24}, -hours{1});
  ClockFloor floorNow{clock, store, metrics, clock.wall()};
  clock.jump(-hours{12});
  const auto admission = Admission::load(settings, floorNow, known, metrics);
  EXPECT_EQ(judge(**admission, expired).refusal, Refusal::expired);
}

TEST_F(Explanations, sayHowLongAWrongNameIs) {
  const auto admission = load();
  const auto named = [&](testpki::NamePart part) {
    testpki::Fields odd = fields();
    odd.subject = {std::move(part)};
    return judge(*admission, odd).reason;
  };
  EXPECT_THAT(named({NID_commonName, "pump-7"}), HasSubstr("has 6 characters"));
  EXPECT_THAT(named({NID_commonName, "g" + id().substr(1)}), HasSubstr("has 128 characters, but character 1"));
  EXPECT_THAT(named({NID_commonName, id(), V_ASN1_BMPSTRING}), HasSubstr("BMPSTRING of 128 bytes"));
}

}  // namespace
}  // namespace spheregate::identity
