#include "spheregate/pki/renewal.hpp"

#include <gmock/gmock.h>

#include "device_view.hpp"
#include "folder.hpp"
#include "pki/authorities.hpp"
#include "spheregate/base/log.hpp"
#include "spheregate/pki/whole_file.hpp"

namespace spheregate::pki {
namespace {

constexpr std::chrono::hours kDay{24};

class Renewals : public Folder {
 protected:
  Renewals() {
    base::configureLog(base::LogLevel::silent, base::LogFormat::text);
    time.pass(800 * kDay);  // no earlier than this program
    auto authority = Authority::create(place, "gateway.plant.example", wall());
    trusted = *authority->exported(wall());
    const auto made = makeServerKey();
    key = made->pem;
    (void)writeWhole(server, *authority->issueServer(*made->key, {"gateway.plant.example", {"10.0.0.5"}}, wall()), kPublicMode);
  }
  // Looks once at the end, not at every moment on the way.
  void skip(base::Duration span) {
    time.clock.advance(span);
    time.timers.run(time.clock.now());
  }
  base::WallTime wall() const { return time.clock.wall(); }
  double failures() {
    return static_cast<double>(metrics.counter("certificate_renewals_total", "", {{"result", "failed"}}).value());
  }
  std::string deviceSaysNow() const { return deviceSays(trusted, content(server), "10.0.0.5", wall()); }

  test::ManualTime time;
  metrics::Registry metrics;
  std::filesystem::path place = directory / "authority";
  std::filesystem::path server = directory / "server.pem";
  std::string trusted;  // what devices got at the beginning
  std::string key;
  int renewed = 0;
  Renewal renewal{{place, server}, time.timers, time.clock, metrics, [this] { ++renewed; }};
};

TEST_F(Renewals, comesAtTwoThirdsOfTheLife) {
  renewal.begin();
  skip(242 * kDay);
  EXPECT_EQ(renewed, 0);
  skip(2 * kDay);
  EXPECT_EQ(renewed, 1);
  EXPECT_EQ(deviceSaysNow(), "");
}

// Fifteen years in which nobody touches anything: a device with the roots of the first day connects on every one of them.
TEST_F(Renewals, fifteenYearsWithTheFirstFileOfADevice) {
  renewal.begin();
  for (int day = 0; day < 15 * 365; day += 5) {
    skip(5 * kDay);
    ASSERT_EQ(deviceSaysNow(), "") << "on day " << day;
  }
  EXPECT_GE(renewed, 21);
  EXPECT_TRUE(std::filesystem::exists(place / "root-3.pem")) << "the first root has handed over";
  const auto chain = x509::readCertificates(server);
  const auto second = x509::readCertificates(place / "root-2.pem");
  EXPECT_EQ(X509_cmp((*chain)[1].get(), second->front().get()), 0);
  const auto keyFile = directory / "server.key";
  ASSERT_TRUE(writeWhole(keyFile, key, kSecretMode));
  EXPECT_EQ(X509_check_private_key(chain->front().get(), readPrivateKey(keyFile)->get()), 1) << "the key is the first one";
}

TEST_F(Renewals, comesAtTheStartWhenTheGatewayWasOffForTooLong) {
  time.pass(3 * 365 * kDay);
  EXPECT_NE(deviceSaysNow(), "");
  renewal.begin();
  EXPECT_EQ(renewed, 1);
  EXPECT_EQ(deviceSaysNow(), "");
}

TEST_F(Renewals, aClockThatIsPutRightMendsWhatWasIssuedBefore) {
  time.pass(20 * 365 * kDay / 4);
  renewal.begin();
  ASSERT_EQ(renewed, 1);
  // The certificate now begins years after the right time.
  test::ManualTime right;
  right.pass(801 * kDay);
  Renewal again{{place, server}, right.timers, right.clock, metrics, [this] { ++renewed; }};
  again.begin();
  EXPECT_EQ(renewed, 2);
  EXPECT_EQ(deviceSays(trusted, content(server), "10.0.0.5", right.clock.wall()), "");
}

TEST_F(Renewals, retiringARootChangesTheIssuerAtOnce) {
  renewal.begin();
  std::filesystem::remove(place / "root-1.key");
  time.pass(std::chrono::minutes{10});
  EXPECT_EQ(renewed, 1);
  EXPECT_EQ(deviceSaysNow(), "");
  EXPECT_EQ(deviceSays(content(place / "root-2.pem"), content(server), "10.0.0.5", wall()), "");
  EXPECT_TRUE(std::filesystem::exists(place / "root-3.pem"));
  skip(kDay);
  EXPECT_EQ(renewed, 1);
}

TEST_F(Renewals, aFailureIsTriedAgainAndLeavesTheOldFile) {
  const std::string before = content(server);
  const std::string rootKey = content(place / "root-1.key");
  ASSERT_TRUE(writeWhole(place / "root-1.key", "oops", kSecretMode));
  time.pass(300 * kDay);
  renewal.begin();
  EXPECT_EQ(failures(), 1);
  EXPECT_EQ(content(server), before);
  ASSERT_TRUE(writeWhole(place / "root-1.key", rootKey, kSecretMode));
  time.pass(std::chrono::minutes{10});
  EXPECT_EQ(renewed, 1);
  EXPECT_EQ(deviceSaysNow(), "");
}

TEST_F(Renewals, aFileThatCannotBeWrittenIsAFailureToo) {
  const std::string before = content(server);
  std::filesystem::create_directory(directory / ".server.pem.new");
  time.pass(300 * kDay);
  renewal.begin();
  EXPECT_EQ(renewed, 0);
  EXPECT_EQ(failures(), 1);
  EXPECT_EQ(content(server), before);
}

TEST_F(Renewals, theCertificateOfSomebodyElseIsLeftAlone) {
  const auto root = testpki::makePlainCa("Company Root", wall() - 350 * kDay);
  const auto own = testpki::makeServer("gateway.plant.example", "DNS:gateway.plant.example", root, wall() - 350 * kDay);
  const std::string text = testpki::pem(*own.certificate);
  ASSERT_TRUE(writeWhole(server, text, kPublicMode));
  renewal.begin();
  skip(30 * kDay);
  EXPECT_EQ(content(server), text);
  EXPECT_EQ(failures(), 0);
}

TEST_F(Renewals, withoutAnAuthorityNothingHappens) {
  Renewal none{{{}, server}, time.timers, time.clock, metrics, [this] { ++renewed; }};
  none.begin();
  time.pass(400 * kDay);
  EXPECT_EQ(renewed, 0);
  EXPECT_EQ(failures(), 0);
}

}  // namespace
}  // namespace spheregate::pki
