#include <gmock/gmock.h>

#include "fleet.hpp"

namespace spheregate::identity {
namespace {

using testing::HasSubstr;

class Names : public Fleet {
 protected:
  Names() { pin("a.pem", sphere().tenantA); }

  Judgement named(testpki::Name name) {
    testpki::Fields changed = fields();
    changed.subject = std::move(name);
    return judge(*load(), changed);
  }
  Judgement named(std::string commonName, int type = V_ASN1_UTF8STRING) {
    return named(testpki::Name{{NID_commonName, std::move(commonName), type}});
  }
};

TEST_F(Names, areReadInEveryAsciiEncoding) {
  for (const int type : {V_ASN1_UTF8STRING, V_ASN1_PRINTABLESTRING, V_ASN1_IA5STRING}) {
    EXPECT_EQ(named(id(), type).deviceId, id()) << type;
  }
  const Judgement other = named(id(), V_ASN1_T61STRING);
  EXPECT_EQ(other.refusal, Refusal::badName);
  EXPECT_THAT(other.reason, HasSubstr("T61STRING"));
}

TEST_F(Names, mayStandBetweenOtherAttributes) {
  EXPECT_EQ(named({{NID_organizationName, "Plant"}, {NID_commonName, id()}, {NID_serialNumber, "7"}}).deviceId, id());
}

TEST_F(Names, twiceAreRefusedEvenWhenTheyAreTheSame) {
  EXPECT_EQ(named({{NID_commonName, id()}, {NID_organizationName, "Plant"}, {NID_commonName, id()}}).refusal,
            Refusal::severalNames);
}

TEST_F(Names, areReadToTheEnd) {
  const Judgement nul = named(id() + std::string(1, '\0') + "x");
  EXPECT_EQ(nul.refusal, Refusal::badName);
  EXPECT_THAT(nul.reason, HasSubstr("NUL byte after 128 of its 130 characters"));
  EXPECT_THAT(named(id() + "0").reason, HasSubstr("129 characters"));
  EXPECT_THAT(named(id().substr(64)).reason, HasSubstr("64 characters"));
  EXPECT_EQ(named("").refusal, Refusal::badName);
}

TEST_F(Names, inCapitalsAreExplained) {
  std::string capitals = id();
  for (char& c : capitals) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  const Judgement upper = named(capitals);
  EXPECT_EQ(upper.refusal, Refusal::upperCaseName);
  EXPECT_EQ(upper.x509Error, X509_V_ERR_CERT_REJECTED);
  EXPECT_THAT(upper.fix, HasSubstr("Azure tools print device ids in capitals"));
  std::string mixed = std::string(127, 'a') + "B";
  EXPECT_EQ(named(mixed).refusal, Refusal::upperCaseName);
  mixed[4] = 'x';
  EXPECT_EQ(named(mixed).refusal, Refusal::badName);
  EXPECT_THAT(named(mixed).reason, HasSubstr("character 5 "));
}

TEST_F(Names, ofOtherDevicesFollowTheHubsRule) {
  settings.nameRule = NameRule::any;
  const std::string everyMark = "Pump-7.%_*?!(),:=@$'";
  for (const std::string& good : {std::string{"p"}, everyMark, std::string(128, 'Z'), id()}) {
    EXPECT_EQ(named(good).deviceId, good);
  }
  const std::vector<std::string> bad{"",
                                     std::string(129, 'Z'),
                                     "pump 7",
                                     "pump/7",
                                     "pump#",
                                     "pump+",
                                     "p\xC3\xBCmp",
                                     "pump\n7",
                                     std::string("pump\0", 5),
                                     std::string("\0", 1)};
  for (const std::string& name : bad) {
    EXPECT_EQ(named(name).refusal, Refusal::badName) << name;
    EXPECT_EQ(named(name).deviceId, "");
  }
  EXPECT_THAT(named("pump/7").reason, HasSubstr("character 5 "));
}

}  // namespace
}  // namespace spheregate::identity
