#include "spheregate/x509/certificate_text.hpp"

#include <gtest/gtest.h>

#include <string>

#include "pki/authorities.hpp"
#include "unit/fakes.hpp"

namespace spheregate::x509 {
namespace {

TEST(CertificateText, tellsSpansInTheirTwoLargestUnits) {
  EXPECT_EQ(spanText(0), "0 s");
  EXPECT_EQ(spanText(59), "59 s");
  EXPECT_EQ(spanText(60), "1 min");
  EXPECT_EQ(spanText(3'599), "59 min 59 s");
  EXPECT_EQ(spanText(3 * 3'600 + 12 * 60 + 7), "3 h 12 min");
  EXPECT_EQ(spanText(2 * 86'400 + 59 * 60), "2 d");
}

TEST(CertificateText, tellsTimesInUtc) { EXPECT_EQ(timeText(1'700'000'000), "2023-11-14T22:13:20Z"); }

std::string guidOf(const testpki::Name& name) {
  const testpki::Fields fields{name, testpki::dayAround(test::ManualClock{}.wall()), {}};
  return guidAtEnd(*X509_get_subject_name(testpki::selfSigned(fields, testpki::makeEcKey()).certificate.get()));
}

TEST(CertificateText, findsTheGuidAtTheEndOfAName) {
  const std::string guid{testpki::kTenantA};
  EXPECT_EQ(guidOf(testpki::tenantName(guid)), guid);
  EXPECT_EQ(guidOf({{NID_commonName, "Microsoft Azure Sphere INT 6F1C2A34-0B5D-4E7F-8A90-1B2C3D4E5F60"}}), guid);
  EXPECT_EQ(guidOf({{NID_commonName, guid}}), guid);
  EXPECT_EQ(guidOf({{NID_commonName, guid + " CA"}}), "");
  EXPECT_EQ(guidOf({{NID_commonName, "CA " + guid + "0"}}), "");
  EXPECT_EQ(guidOf({{NID_commonName, "CA 6f1c2a34-0b5d-4e7f-8a90-1b2c3d4e5f6g"}}), "");
  EXPECT_EQ(guidOf({{NID_organizationName, guid}}), "");
}

}  // namespace
}  // namespace spheregate::x509
