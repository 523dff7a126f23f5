#include <gtest/gtest.h>

#include <array>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "fleet.hpp"
#include "pki/crl.hpp"
#include "unit/state/sqlite_site.hpp"

namespace spheregate::identity {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

constexpr hours kDay{24};
constexpr hours kGrace{72};
constexpr std::size_t kOfEach = 6;

enum class Kind { known, unknown, denied, revoked };
struct Device {
  Kind kind;
  std::string id;
  testpki::Issued certificate;  // the last one it could fetch
  testpki::Time until;
};

struct Count {
  int asked = 0;
  int admitted = 0;
};

// A site whose way to the internet is cut for 30 days. Its devices live on certificates of 24 hours that they can no longer renew; the
// gateway has its store on a real disk and is started anew every two days.
class ThirtyDays : public Fleet {
 protected:
  void live(hours grace) {
    settings.expiredGrace = grace;
    settings.crlPolicy = CrlPolicy::prefer;
    settings.crl = file("crls/a.crl", "");
    pin("a.pem", sphere().tenantA);
    makeDevices();
    start();
    for (const Device& device : devices) {
      if (device.kind != Kind::known) continue;
      EXPECT_EQ(ask(device).refusal, Refusal::none);
    }
    for (int step = 0; step < 30 * 4; ++step) {
      if (step % 8 == 7) start();
      time.pass(hours{6});
      for (const Device& device : devices) {
        // A stranger comes for the first time when its certificate has expired; a valid one would have made it known.
        if (device.kind == Kind::unknown && clock.wall() < device.until) continue;
        meet(device, ask(device));
      }
    }
  }

  void makeDevices() {
    std::string denied;
    testpki::CrlFields list{.thisUpdate = clock.wall() - kDay, .nextUpdate = clock.wall() + 365 * kDay};
    int number = 0;
    for (const Kind kind : {Kind::known, Kind::unknown, Kind::denied, Kind::revoked}) {
      for (std::size_t n = 0; n < kOfEach; ++n) {
        // Attestation comes to each at another hour of the day before the cut.
        const testpki::Time from = clock.wall() - hours{4 * n} - minutes{number};
        const testpki::Key key = testpki::makeEcKey();
        Device device{kind, testpki::sphereId(*key), {}, from + kDay};
        device.certificate = testpki::issue(testpki::deviceFields(device.id, {from, device.until}), key, sphere().tenantA);
        if (kind == Kind::denied) denied += device.id + "\n";
        if (kind == Kind::revoked) list.revoked.push_back(device.certificate.certificate);
        devices.push_back(std::move(device));
        ++number;
      }
    }
    settings.denyFile = file("deny.txt", denied);
    settings.crl = file("crls/a.crl", testpki::pem(*testpki::makeCrl(list, sphere().tenantA)));
  }

  // The gateway, with what is on its disk.
  void start() {
    gateway.reset();
    seen.reset();
    if (site.kept) site.settle();
    site.open();
    seen = std::make_unique<KnownDevices>(*site.kept, time.timers, *site.metrics);
    // The denied and the revoked were honest once.
    if (seen->size() == 0) {
      for (const Device& device : devices) {
        if (device.kind == Kind::denied || device.kind == Kind::revoked) seen->seen(device.id, x509::sha256(*sphere().tenantA.certificate), 0);
      }
    }
    auto made = Admission::load(settings, floor, *seen, *site.metrics);
    if (!made) throw std::runtime_error{made.error()};
    gateway = std::move(*made);
  }

  Judgement ask(const Device& device) { return connect(*gateway, device.certificate); }

  void meet(const Device& device, const Judgement& judgement) {
    const bool valid = clock.wall() < device.until;
    const bool inGrace = !valid && clock.wall() <= device.until + settings.expiredGrace;
    const char* when = valid ? "valid" : inGrace ? "grace" : "beyond";
    Count& count = counts[{device.kind, when}];
    ++count.asked;
    if (judgement.refusal != Refusal::none) return;
    ++count.admitted;
    EXPECT_EQ(judgement.inGrace, inGrace);
  }
  void expectShare(Kind kind, const char* when, bool all) {
    const Count count = counts[{kind, when}];
    EXPECT_EQ(count.admitted, all ? count.asked : 0) << static_cast<int>(kind) << " " << when << ", of " << count.asked;
  }

  test::SqliteSite site;
  std::unique_ptr<KnownDevices> seen;
  std::unique_ptr<Admission> gateway;
  std::vector<Device> devices;
  std::map<std::pair<Kind, std::string>, Count> counts;
};

TEST_F(ThirtyDays, withGraceEveryKnownDeviceComesInForThreeDaysAndNobodyElse) {
  live(kGrace);
  for (const char* when : {"valid", "grace", "beyond"}) {
    expectShare(Kind::denied, when, false);
    expectShare(Kind::revoked, when, false);
  }
  expectShare(Kind::known, "valid", true);
  expectShare(Kind::known, "grace", true);
  expectShare(Kind::known, "beyond", false);
  expectShare(Kind::unknown, "grace", false);
  expectShare(Kind::unknown, "beyond", false);
  EXPECT_GE((counts[{Kind::unknown, "grace"}].asked), 12 * static_cast<int>(kOfEach));
  EXPECT_GE((counts[{Kind::known, "grace"}].asked), 12 * static_cast<int>(kOfEach)) << "three days, four times each";
  EXPECT_GE((counts[{Kind::known, "beyond"}].asked), 100 * static_cast<int>(kOfEach));
}

TEST_F(ThirtyDays, withoutGraceNobodyComesInWithAnExpiredCertificate) {
  live(hours{0});
  for (const Kind kind : {Kind::known, Kind::unknown, Kind::denied, Kind::revoked}) expectShare(kind, "beyond", false);
  expectShare(Kind::known, "valid", true);
  EXPECT_GE((counts[{Kind::known, "beyond"}].asked), 100 * static_cast<int>(kOfEach));
}

}  // namespace
}  // namespace spheregate::identity
