#include "spheregate/pki/tenant_folder.hpp"

#include <gmock/gmock.h>

#include "folder.hpp"
#include "pki/authorities.hpp"
#include "spheregate/pki/whole_file.hpp"
#include "spheregate/x509/certificate_file.hpp"
#include "spheregate/x509/certificate_text.hpp"

namespace spheregate::pki {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const testpki::Authorities& sphere() {
  static const testpki::Authorities made = testpki::makeAuthorities(test::ManualClock{}.wall());
  return made;
}

class Tenants : public Folder {
 protected:
  std::vector<TenantFolder::Added> add(const testpki::Issued& ca) {
    return *folder.add(*x509::certificatesOfAnyKind(testpki::pem(*ca.certificate)));
  }
  std::vector<std::string> pinned() const {
    std::vector<std::string> all;
    const auto listing = folder.list();
    for (const TenantCaFacts& one : listing->cas) all.push_back(one.sha256);
    return all;
  }

  std::filesystem::path place = directory / "tenant-ca.d";
  TenantFolder folder{place};
  const std::string shaA = x509::sha256(*sphere().tenantA.certificate);
  const std::string shaNew = x509::sha256(*sphere().tenantANew.certificate);
};

TEST_F(Tenants, aCaGetsANameFromItsTenantAndItsFingerprint) {
  const auto added = add(sphere().tenantA);
  ASSERT_EQ(added.size(), 1u);
  EXPECT_EQ(added[0].facts.file, place / (std::string{testpki::kTenantA} + "-" + shaA.substr(0, 16) + ".pem"));
  EXPECT_EQ(modeOf(added[0].facts.file), 0644u);
  EXPECT_EQ(added[0].facts.tenantId, testpki::kTenantA);
  EXPECT_EQ(added[0].facts.sha1.size(), 40u);
  EXPECT_FALSE(added[0].wasThere);
  const auto plain = add(testpki::makePlainCa("Plant Root", test::ManualClock{}.wall()));
  EXPECT_THAT(plain[0].facts.file.filename().string(), testing::MatchesRegex("ca-[0-9a-f]{16}\\.pem"));
}

// Whoever runs the command, often root with a umask of their own, is not the daemon.
TEST_F(Tenants, theDirectoryIsOpenToTheDaemonWhateverTheUmask) {
  const mode_t before = ::umask(0077);
  add(sphere().tenantA);
  ::umask(before);
  EXPECT_EQ(modeOf(place), 0755u);
}

TEST_F(Tenants, addingTwiceIsAddingOnce) {
  add(sphere().tenantA);
  EXPECT_TRUE(add(sphere().tenantA)[0].wasThere);
  EXPECT_FALSE(add(sphere().tenantANew)[0].wasThere);
  EXPECT_EQ(pinned().size(), 2u);
  // Also where somebody else put it, under another name.
  ASSERT_TRUE(writeWhole(place / "by-hand.cer", testpki::der(*sphere().tenantB.certificate), kPublicMode));
  EXPECT_TRUE(add(sphere().tenantB)[0].wasThere);
}

TEST_F(Tenants, aBrokenFileIsToldAndHidesNothing) {
  add(sphere().tenantA);
  ASSERT_TRUE(writeWhole(place / "broken.pem", "oops", kPublicMode));
  ASSERT_TRUE(writeWhole(place / ".draft.pem", "oops", kPublicMode));
  const auto listing = folder.list();
  EXPECT_EQ(listing->cas.size(), 1u);
  EXPECT_THAT(listing->faults, ElementsAre(HasSubstr("broken.pem: is neither a PEM nor a DER file")));
}

TEST_F(Tenants, removesByTheBeginningOfAFingerprint) {
  add(sphere().tenantA);
  add(sphere().tenantANew);
  EXPECT_THAT(folder.remove("abc").error(), HasSubstr("is not a fingerprint"));
  EXPECT_THAT(folder.remove("../../etc").error(), HasSubstr("is not a fingerprint"));
  EXPECT_THAT(folder.remove("0000000000").error(), HasSubstr("no CA in " + place.string() + " has the fingerprint 0000000000"));
  EXPECT_EQ(folder.remove(shaA.substr(0, 12))->sha256, shaA);
  EXPECT_THAT(pinned(), ElementsAre(shaNew));
  std::string withColons;
  for (std::size_t at = 0; at < shaNew.size(); at += 2) withColons += (at ? ":" : "") + shaNew.substr(at, 2);
  EXPECT_TRUE(folder.remove(withColons));
  EXPECT_THAT(pinned(), IsEmpty());
}

TEST_F(Tenants, removesByTheFingerprintOfAzureTools) {
  add(sphere().tenantA);
  EXPECT_TRUE(folder.remove(x509::sha1(*sphere().tenantA.certificate)));
}

TEST_F(Tenants, whatSharesTheFileStays) {
  std::filesystem::create_directory(place);
  const std::string both = testpki::pem(*sphere().tenantA.certificate) + testpki::pem(*sphere().tenantANew.certificate);
  ASSERT_TRUE(writeWhole(place / "both.pem", both, kPublicMode));
  ASSERT_TRUE(writeWhole(place / "copy.cer", testpki::der(*sphere().tenantA.certificate), kPublicMode));
  EXPECT_TRUE(folder.remove(shaA));
  EXPECT_THAT(pinned(), ElementsAre(shaNew));
  EXPECT_FALSE(std::filesystem::exists(place / "copy.cer"));
}

TEST_F(Tenants, aFingerprintThatFitsTwoRemovesNeither) {
  // Of some hundred CAs two begin alike; the shortest that is taken has four digits, so look for such a pair.
  const auto key = testpki::makeEcKey();
  std::filesystem::create_directory(place);
  std::string text;
  std::vector<std::string> begins;
  std::string twice;
  for (int count = 0; twice.empty() && count < 4000; ++count) {
    const auto ca = testpki::makePlainCa("CA", test::ManualClock{}.wall(), key);
    const std::string begin = x509::sha256(*ca.certificate).substr(0, 4);
    if (std::find(begins.begin(), begins.end(), begin) != begins.end()) twice = begin;
    begins.push_back(begin);
    text += testpki::pem(*ca.certificate);
  }
  ASSERT_NE(twice, "");
  ASSERT_TRUE(writeWhole(place / "many.pem", text, kPublicMode));
  EXPECT_THAT(folder.remove(twice).error(), HasSubstr(twice + " fits more than one CA: "));
  EXPECT_EQ(pinned().size(), begins.size());
}

TEST_F(Tenants, aFileIsNoDirectory) {
  ASSERT_TRUE(writeWhole(place, testpki::pem(*sphere().tenantA.certificate), kPublicMode));
  EXPECT_THAT(folder.list().error(), HasSubstr("is a file; let devices.tenant_ca name a directory"));
}

}  // namespace
}  // namespace spheregate::pki
