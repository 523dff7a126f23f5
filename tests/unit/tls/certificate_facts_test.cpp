#include <gtest/gtest.h>

#include <ctime>
#include <string>

#include "spheregate/tls/verdict.hpp"
#include "unit/tls/certificates.hpp"

namespace spheregate::tls {
namespace {

CertificateFacts factsOf(std::vector<std::string> commonNames) {
  const test::Identity issuer = test::make({.commonNames = {"Plant CA, \"new\""}, .subjectAltName = {}, .ca = true});
  const test::Identity leaf = test::make({.commonNames = std::move(commonNames), .subjectAltName = {}}, &issuer);
  return certificateFacts(*leaf.certificate);
}

TEST(CertificateFacts, tellEverything) {
  const std::string id(128, 'a');
  const CertificateFacts facts = factsOf({id});
  EXPECT_EQ(facts.commonName, id);
  EXPECT_EQ(facts.issuer, "CN=Plant CA\\, \\\"new\\\"");
  EXPECT_EQ(facts.serial.substr(0, 1), "1");
  EXPECT_EQ(facts.serial.size(), 4u);
  EXPECT_EQ(facts.sha256.size(), 64u);
  EXPECT_EQ(facts.sha256.find_first_not_of("0123456789abcdef"), std::string::npos);
  EXPECT_EQ(facts.notBefore.size(), std::string{"2030-01-01T00:00:00Z"}.size());
  EXPECT_EQ(facts.notAfter.back(), 'Z');
  EXPECT_NEAR(static_cast<double>(facts.notAfterSeconds), static_cast<double>(std::time(nullptr)) + 365.0 * 24 * 3600, 60.0);
}

TEST(CertificateFacts, hideNothingInTheName) {
  EXPECT_EQ(factsOf({std::string{"good\0evil", 9}}).commonName, "good\\x00evil");
  EXPECT_EQ(factsOf({"line\nfeed\x7f\\"}).commonName, "line\\x0afeed\\x7f\\\\");
  EXPECT_EQ(factsOf({"gr\u00fcn"}).commonName, "gr\u00fcn");
  EXPECT_EQ(factsOf({"one", "two"}).commonName, "one, two");
  EXPECT_EQ(factsOf({}).commonName, "");
}

TEST(CertificateFacts, shortenNamesWithoutCuttingACharacter) {
  std::string umlauts;
  for (int count = 0; count < 64; ++count) umlauts += "\u00fc";
  const std::string name = factsOf({umlauts, umlauts}).commonName;
  EXPECT_LE(name.size(), 256u);
  EXPECT_EQ(name.substr(name.size() - 5), "\u00fc\u2026");
}

TEST(CertificateFacts, areShortHoweverLargeTheCertificateIs) {
  std::string book;
  for (int count = 0; count < 10'000; ++count) book += "\u00fc";
  const test::Identity issuer = test::make({.commonNames = {book}, .subjectAltName = {}, .ca = true});
  const test::Identity leaf = test::make({.commonNames = {book}, .subjectAltName = {}}, &issuer);
  ASSERT_EQ(ASN1_STRING_set(X509_get_serialNumber(leaf.certificate.get()), book.data(), 5'000), 1);
  const CertificateFacts facts = certificateFacts(*leaf.certificate);
  for (const std::string& text : {facts.commonName, facts.issuer, facts.serial}) {
    EXPECT_LE(text.size(), 256u);
    EXPECT_GT(text.size(), 250u);
    EXPECT_TRUE(text.ends_with("\u2026"));
  }
  EXPECT_TRUE(facts.issuer.ends_with("\u00fc\u2026"));
}

}  // namespace
}  // namespace spheregate::tls
