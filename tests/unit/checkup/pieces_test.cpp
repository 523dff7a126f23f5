#include <gtest/gtest.h>

#include <string>

#include "certificate_reading.hpp"
#include "hub_issuer.hpp"
#include "port_holder.hpp"
#include "spheregate/x509/certificate_text.hpp"
#include "throw_away.hpp"

namespace spheregate::checkup {
namespace {

TEST(ListeningInode, isOfTheLineThatListensAtThePort) {
  const std::string listens =
      "   0: 0100007F:22B3 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4711 1 0000000000000000 100 0 0 10 0";
  EXPECT_EQ(listeningInode(listens, 8883), 4711u);
  EXPECT_EQ(listeningInode(listens, 8884), 0u);
  const std::string six = "   1: 00000000000000000000000000000000:22B3 00000000000000000000000000000000:0000 0A 0:0 00:0 0 0 0 12 1";
  EXPECT_EQ(listeningInode(six, 8883), 12u);
}

TEST(ListeningInode, leavesConnectionsAndOtherLinesAlone) {
  EXPECT_EQ(listeningInode("   0: 0100007F:22B3 0100007F:9C40 01 0:0 00:0 0 0 0 4711 1", 8883), 0u);
  EXPECT_EQ(listeningInode("  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode", 8883), 0u);
  EXPECT_EQ(listeningInode("", 8883), 0u);
}

TEST(HubIssuer, knowsWhoVouchesForAzure) {
  EXPECT_TRUE(isAzure("contoso.azure-devices.net"));
  EXPECT_FALSE(isAzure("contoso.azure-devices.net.plant.example"));
  EXPECT_TRUE(isAzuresIssuer("C=US, O=Microsoft Corporation, CN=Microsoft Azure RSA TLS Issuing CA 04"));
  EXPECT_TRUE(isAzuresIssuer("C=US, O=DigiCert Inc, CN=DigiCert Global G2 TLS RSA SHA256 2020 CA1"));
  EXPECT_FALSE(isAzuresIssuer("O=Plant, CN=Zscaler Intermediate Root CA"));
}

TEST(ThrowAway, hasANameThatPeopleKnowAgainAndNobodysTrust) {
  const ThrowAway made = makeThrowAway();
  const X509_NAME& name = *X509_get_subject_name(made.certificate.get());
  const ASN1_STRING* value = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(&name, 0));
  const std::string id{reinterpret_cast<const char*>(ASN1_STRING_get0_data(value)), static_cast<std::size_t>(ASN1_STRING_length(value))};
  EXPECT_EQ(id, "spheregate-check");
  EXPECT_TRUE(selfSigned(*made.certificate));
  EXPECT_TRUE(outOfValidity(*made.certificate, secondsNow()).empty());
}

TEST(OutOfValidity, saysHowLongAndWhatTheClockSays) {
  const ThrowAway made = makeThrowAway();
  const std::int64_t day = 86'400;
  const std::string late = outOfValidity(*made.certificate, until(*made.certificate) + 2 * day);
  EXPECT_NE(late.find("expired 2 d ago"), std::string::npos) << late;
  EXPECT_NE(late.find("this machine's clock says"), std::string::npos) << late;
  const std::string early = outOfValidity(*made.certificate, from(*made.certificate) - 3600);
  EXPECT_NE(early.find("not yet valid, but in 1 h"), std::string::npos) << early;
}

}  // namespace
}  // namespace spheregate::checkup
