#include "spheregate/pki/authority.hpp"

#include <gmock/gmock.h>

#include "device_view.hpp"
#include "folder.hpp"
#include "pki/authorities.hpp"
#include "spheregate/pki/whole_file.hpp"
#include "spheregate/x509/certificate_text.hpp"

namespace spheregate::pki {
namespace {

using testing::HasSubstr;

constexpr std::chrono::hours kDay{24};
constexpr std::chrono::hours kYear{24 * 365};

class Authorities : public Folder {
 protected:
  Authority made() {
    auto authority = Authority::create(place, "gateway.plant.example", now);
    if (!authority) throw std::runtime_error{authority.error()};
    return std::move(*authority);
  }
  std::string chainAt(const Authority& authority, base::WallTime when, const Names& dialled) {
    const auto key = makeServerKey();
    const auto chain = authority.issueServer(*key->key, dialled, when);
    return chain ? *chain : chain.error();
  }
  static x509::CertificateHandle leafOf(const std::string& chain) {
    return std::move(x509::certificatesOfAnyKind(chain)->front());
  }

  std::filesystem::path place = directory / "authority";
  base::WallTime now = test::ManualClock{}.wall() + 2 * kYear;
  Names names{"gateway.plant.example", {"10.0.0.5", "fd00::5"}};
};

TEST_F(Authorities, hasTwoRootsWhoseKeysAreItsOwn) {
  made();
  for (const char* name : {"root-1.key", "root-2.key"}) EXPECT_EQ(modeOf(place / name), 0600u) << name;
  for (const char* name : {"root-1.pem", "root-2.pem"}) EXPECT_EQ(modeOf(place / name), 0644u) << name;
  EXPECT_EQ(modeOf(place), 0700u);
  const auto first = leafOf(content(place / "root-1.pem"));
  const auto second = leafOf(content(place / "root-2.pem"));
  EXPECT_NE(X509_NAME_cmp(X509_get_subject_name(first.get()), X509_get_subject_name(second.get())), 0);
  EXPECT_THAT(x509::nameText(*X509_get_subject_name(first.get())),
              testing::MatchesRegex("O=gateway\\.plant\\.example, CN=Spheregate root [0-9a-f]{8}"));
}

TEST_F(Authorities, devicesAcceptItsServerByEveryName) {
  const Authority authority = made();
  const std::string trusted = *authority.exported(now);
  const std::string chain = chainAt(authority, now, names);
  for (const char* dialled : {"gateway.plant.example", "10.0.0.5", "fd00::5"})
    EXPECT_EQ(deviceSays(trusted, chain, dialled, now), "");
  EXPECT_EQ(deviceSays(trusted, chain, "other.example", now), "it is not for other.example");
  // A device whose clock is 23 hours slow, and one whose trust is the first root alone.
  EXPECT_EQ(deviceSays(trusted, chain, "10.0.0.5", now - std::chrono::hours{23}), "");
  EXPECT_EQ(deviceSays(content(place / "root-1.pem"), chain, "10.0.0.5", now), "");
  EXPECT_NE(deviceSays(content(place / "root-2.pem"), chain, "10.0.0.5", now), "");
}

TEST_F(Authorities, theChainIsTheLeafAndThenItsIssuer) {
  const std::string chain = chainAt(made(), now, names);
  const auto all = x509::certificatesOfAnyKind(chain);
  ASSERT_EQ(all->size(), 2u);
  EXPECT_EQ(X509_check_ca((*all)[0].get()), 0);
  EXPECT_EQ(X509_check_issued((*all)[1].get(), (*all)[0].get()), X509_V_OK);
}

TEST_F(Authorities, anAddressAloneIsAHost) {
  const Authority authority = made();
  EXPECT_EQ(deviceSays(*authority.exported(now), chainAt(authority, now, {"192.168.1.5", {}}), "192.168.1.5", now), "");
}

TEST_F(Authorities, aNameOf253CharactersFits) {
  std::string host = "gateway";
  while (host.size() < 240) host += ".plantplant";
  const Authority authority = made();
  EXPECT_EQ(deviceSays(*authority.exported(now), chainAt(authority, now, {host, {}}), host, now), "");
}

TEST_F(Authorities, whatDevicesKeepFitsIntoTheirBuffer) {
  auto authority = Authority::create(place, std::string(253, 'a'), now);
  EXPECT_LT(authority->exported(now)->size(), kExportBytesMax * 2 / 3);
  EXPECT_EQ(authority->exportedFacts(now).roots, 2u);
}

TEST_F(Authorities, isNeverMadeAnew) {
  made();
  const std::string before = content(place / "root-1.key");
  const auto again = Authority::create(place, "gateway.plant.example", now);
  ASSERT_FALSE(again);
  EXPECT_THAT(again.error(), HasSubstr(place.string() + ": exists; an authority is never made anew"));
  EXPECT_EQ(content(place / "root-1.key"), before);
}

TEST_F(Authorities, whatWasCutOffDoesNotStandInTheWay) {
  std::filesystem::create_directory(directory / ".authority.new");
  EXPECT_TRUE(Authority::create(place, "gateway.plant.example", now));
  EXPECT_FALSE(std::filesystem::exists(directory / ".authority.new"));
}

TEST_F(Authorities, aClockBeforeThisProgramIsNoClock) {
  const auto authority = Authority::create(place, "gateway.plant.example", base::WallTime{std::chrono::hours{1}});
  ASSERT_FALSE(authority);
  EXPECT_THAT(authority.error(), HasSubstr("clock says 1970-01-01T01:00:00Z"));
  EXPECT_FALSE(std::filesystem::exists(place));
}

TEST_F(Authorities, nothingOutlivesItsIssuer) {
  Authority authority = made();
  std::filesystem::remove(place / "root-2.key");
  authority = *Authority::open(place);
  const auto leaf = leafOf(chainAt(authority, now + kFirstRootLife - 10 * kDay, names));
  const auto root = leafOf(content(place / "root-1.pem"));
  EXPECT_EQ(ASN1_TIME_compare(X509_get0_notAfter(leaf.get()), X509_get0_notAfter(root.get())), 0);
}

TEST_F(Authorities, theSecondRootTakesOverWhileTheFirstIsStillGood) {
  Authority authority = made();
  const std::string trusted = *authority.exported(now);
  EXPECT_FALSE(*authority.prepareSuccessor(now));
  const base::WallTime late = now + kFirstRootLife - kYear + kDay;
  EXPECT_TRUE(*authority.prepareSuccessor(late));
  EXPECT_FALSE(*authority.prepareSuccessor(late));
  const std::string chain = chainAt(authority, late, names);
  EXPECT_EQ(deviceSays(trusted, chain, "10.0.0.5", late), "");
  EXPECT_EQ(*authority.exported(late), content(place / "root-2.pem") + content(place / "root-3.pem"));
  EXPECT_EQ(modeOf(place / "root-3.key"), 0600u);
}

TEST_F(Authorities, aRootWithoutItsKeyIsRetired) {
  Authority authority = made();
  const std::string trusted = *authority.exported(now);
  const std::string before = chainAt(authority, now, names);
  EXPECT_FALSE(authority.retiredIssuerOf(*leafOf(before)));
  std::filesystem::remove(place / "root-1.key");
  authority = *Authority::open(place);
  EXPECT_TRUE(authority.retiredIssuerOf(*leafOf(before)));
  EXPECT_EQ(deviceSays(trusted, chainAt(authority, now, names), "10.0.0.5", now), "");
  EXPECT_EQ(*authority.exported(now), content(place / "root-2.pem"));
}

TEST_F(Authorities, saysWhatIsWrongWithItsFiles) {
  made();
  ASSERT_TRUE(writeWhole(place / "root-1.key", content(place / "root-2.key"), kSecretMode));
  EXPECT_THAT(chainAt(*Authority::open(place), now, names),
              HasSubstr("root-1.key: does not belong to the certificate beside it"));
  ASSERT_TRUE(writeWhole(place / "root-1.key", "oops", kSecretMode));
  EXPECT_THAT(chainAt(*Authority::open(place), now, names), HasSubstr("root-1.key: holds no private key that can be read"));
  for (const char* name : {"root-1.key", "root-2.key"}) std::filesystem::remove(place / name);
  EXPECT_THAT(chainAt(*Authority::open(place), now, names), HasSubstr("no root has a key; restore"));
  ASSERT_TRUE(writeWhole(place / "root-2.pem", "oops", kPublicMode));
  EXPECT_THAT(Authority::open(place).error(), HasSubstr("root-2.pem: is neither a PEM nor a DER file"));
  EXPECT_THAT(Authority::open(directory / "absent").error(),
              HasSubstr("absent: holds no root-1.pem; make the gateway's certificates with `spheregate init`"));
}

TEST_F(Authorities, knowsItsOwn) {
  const Authority authority = made();
  EXPECT_TRUE(authority.issued(*leafOf(chainAt(authority, now, names))));
  const auto root = testpki::makePlainCa("Another Root", now);
  EXPECT_FALSE(
      authority.issued(*testpki::makeServer("gateway.plant.example", "DNS:gateway.plant.example", root, now).certificate));
}

}  // namespace
}  // namespace spheregate::pki
