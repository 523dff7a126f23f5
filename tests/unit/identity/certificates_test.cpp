// Which shapes of certificate are good enough, and which are not, beyond the name in them.

#include <gmock/gmock.h>

#include "fleet.hpp"

namespace spheregate::identity {
namespace {

using testing::HasSubstr;

class Certificates : public Fleet {
 protected:
  testpki::Fields with(std::vector<testpki::Extension> extensions) const {
    testpki::Fields changed = fields();
    changed.extensions = std::move(extensions);
    return changed;
  }
  Judgement judged(const testpki::Fields& wanted, testpki::Key key = testpki::makeEcKey()) {
    pin("a.pem", sphere().tenantA);
    return judge(*load(), testpki::issue(wanted, std::move(key), sphere().tenantA));
  }
};

TEST_F(Certificates, needNoExtensionsAtAll) {
  EXPECT_EQ(judged(with({})).refusal, Refusal::none);
  testpki::Fields first = with({});
  first.version = 1;
  // `openssl x509 -req` makes such ones. It cannot vouch for anybody, because nothing but a pinned CA is an issuer.
  EXPECT_EQ(judged(first).refusal, Refusal::none);
}

TEST_F(Certificates, mayHaveAnyKeyThatIsStrongEnough) {
  EXPECT_EQ(judged(fields(), testpki::makeEcKey("P-384")).refusal, Refusal::none);
  EXPECT_EQ(judged(fields(), testpki::makeRsaKey(2048)).refusal, Refusal::none);
  const Judgement weak = judged(fields(), testpki::makeRsaKey(1024));
  EXPECT_EQ(weak.refusal, Refusal::other);
  EXPECT_THAT(weak.reason, HasSubstr("too weak"));
}

TEST_F(Certificates, mayComeFromAnyKindOfCa) {
  for (const testpki::Key& key : {testpki::makeEcKey(), testpki::makeRsaKey(2048)}) {
    const testpki::Issued ca = testpki::makePlainCa("Plain CA", clock.wall(), key);
    pin("plain.pem", ca);
    testpki::Fields identified = fields();
    identified.extensions.push_back({NID_authority_key_identifier, "keyid:always"});
    EXPECT_EQ(judge(*load(), testpki::issue(identified, testpki::makeEcKey(), ca)).refusal, Refusal::none);
  }
}

TEST_F(Certificates, thatSignOthersAreNoDevices) {
  const testpki::Extension signs{NID_key_usage, "critical,digitalSignature,keyCertSign"};
  EXPECT_EQ(judged(with({{NID_basic_constraints, "critical,CA:TRUE"}})).refusal, Refusal::isCa);
  EXPECT_EQ(judged(with({signs})).refusal, Refusal::isCa);
  EXPECT_EQ(judged(with({signs, {NID_basic_constraints, "CA:FALSE"}})).refusal, Refusal::none);
}

TEST_F(Certificates, mustBeMadeForTlsClients) {
  const Judgement wrongUse = judged(with({{NID_ext_key_usage, "serverAuth,emailProtection"}}));
  EXPECT_EQ(wrongUse.refusal, Refusal::notAClientCertificate);
  EXPECT_EQ(wrongUse.x509Error, X509_V_ERR_INVALID_PURPOSE);
  EXPECT_THAT(wrongUse.reason, HasSubstr("extended key usage"));
  EXPECT_EQ(judged(with({{NID_ext_key_usage, "serverAuth,clientAuth"}})).refusal, Refusal::none);
  const Judgement cannotSign = judged(with({{NID_key_usage, "critical,keyEncipherment"}}));
  EXPECT_EQ(cannotSign.refusal, Refusal::notAClientCertificate);
  EXPECT_THAT(cannotSign.reason, HasSubstr("its key usage"));
}

TEST_F(Certificates, withExtensionsNobodyCanReadAreRefused) {
  const Judgement malformed = judged(with({{NID_basic_constraints, "critical,DER:04:01:00"}}));
  EXPECT_EQ(malformed.refusal, Refusal::other);
  EXPECT_THAT(malformed.reason, HasSubstr("malformed"));
  const Judgement malformedUse = judged(with({{NID_ext_key_usage, "DER:04:01:00"}}));
  EXPECT_EQ(malformedUse.refusal, Refusal::other);
  const Judgement unknown = judged(with({{NID_netscape_comment, "critical,what is this"}}));
  EXPECT_EQ(unknown.refusal, Refusal::other);
  EXPECT_EQ(unknown.x509Error, X509_V_ERR_UNHANDLED_CRITICAL_EXTENSION);
}

TEST_F(Certificates, whoseBytesWereChangedAreTellable) {
  const testpki::Issued ca = testpki::makePlainCa("Plain CA", clock.wall());
  pin("plain.pem", ca);
  testpki::Fields identified = fields();
  identified.extensions.push_back({NID_authority_key_identifier, "keyid:always"});
  std::string der = testpki::der(*testpki::issue(identified, testpki::makeEcKey(), ca).certificate);
  const std::size_t name = der.find(id());
  ASSERT_NE(name, std::string::npos);
  der[name] = der[name] == '0' ? '1' : '0';
  const auto* at = reinterpret_cast<const unsigned char*>(der.data());
  const testpki::Certificate changed{d2i_X509(nullptr, &at, static_cast<long>(der.size())), X509_free};
  const Judgement judgement = load()->judge(*changed);
  EXPECT_EQ(judgement.refusal, Refusal::badSignature);
  EXPECT_EQ(judgement.x509Error, X509_V_ERR_CERT_SIGNATURE_FAILURE);
}

TEST_F(Certificates, ofAnotherKeyIdentifierBelongToAnotherCa) {
  pin("plain.pem", testpki::makePlainCa("Plain CA", clock.wall()));
  testpki::Fields identified = fields();
  identified.extensions.push_back({NID_authority_key_identifier, "keyid:always"});
  const testpki::Issued namesake = testpki::makePlainCa("Plain CA", clock.wall());
  EXPECT_EQ(judge(*load(), testpki::issue(identified, testpki::makeEcKey(), namesake)).refusal, Refusal::unknownCa);
}

TEST_F(Certificates, ofAStrangerAreUnknownWhateverElseIsWrong) {
  pin("a.pem", sphere().tenantA);
  testpki::Fields wrong = with({{NID_ext_key_usage, "serverAuth"}});
  wrong.validity.until = clock.wall() - std::chrono::hours{1};
  const testpki::Issued forged = testpki::issue(wrong, testpki::makeEcKey(), sphere().tenantANew);
  EXPECT_EQ(judge(*load(), forged).refusal, Refusal::unknownCa);
  EXPECT_EQ(judge(*load(), testpki::selfSigned(fields(), testpki::makeEcKey())).refusal, Refusal::unknownCa);
}

}  // namespace
}  // namespace spheregate::identity
