#include <gtest/gtest.h>

#include <cstdlib>
#include <optional>
#include <random>
#include <sstream>

#include "fleet.hpp"
#include "pki/crl.hpp"
#include "spheregate/base/log.hpp"

namespace spheregate::identity {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

enum class CaState { good, ended, notBegun, notPinned };
enum class Lists { none, current, stale };

struct Case {
  bool known = false;
  bool denied = false;
  bool revoked = false;
  bool clockBehind = false;
  CaState ca = CaState::good;
  CrlPolicy policy = CrlPolicy::off;
  Lists lists = Lists::none;
  std::int64_t grace = 0;
  std::int64_t expiredBy = 0;  // negative: still valid for so long
};

// What must come of it, said as plainly as possible.
Refusal oracle(const Case& it) {
  if (it.ca == CaState::notPinned) return Refusal::unknownCa;
  if (it.ca == CaState::ended) return Refusal::caExpired;
  if (it.ca == CaState::notBegun) return Refusal::notYetValid;
  const bool expired = it.expiredBy >= 0;
  const bool graced = expired && it.grace > 0 && it.expiredBy <= it.grace;
  if (expired && !graced) return Refusal::expired;
  if (it.denied) return Refusal::denied;
  if (it.policy != CrlPolicy::off && it.revoked && it.lists != Lists::none) return Refusal::revoked;
  if (it.policy == CrlPolicy::require && it.lists == Lists::none) return Refusal::crlMissing;
  if (it.policy == CrlPolicy::require && it.lists == Lists::stale) return Refusal::crlStale;
  if (graced && !it.known) return Refusal::expired;
  return Refusal::none;
}

std::string textOf(const Case& it) {
  std::ostringstream text;
  text << "known=" << it.known << " denied=" << it.denied << " revoked=" << it.revoked << " behind=" << it.clockBehind
       << " ca=" << static_cast<int>(it.ca) << " policy=" << static_cast<int>(it.policy) << " lists=" << static_cast<int>(it.lists)
       << " grace=" << it.grace << " expiredBy=" << it.expiredBy;
  return text.str();
}

// Random certificates, CAs, lists and clocks; SPHEREGATE_HISTORIES and SPHEREGATE_SEED for a longer run or the same again.
class Histories : public Fleet {
 protected:
  Histories() {
    base::changeLogLevel(base::LogLevel::error);
    settings.crl = file("crls/x.txt", "").parent_path();
    const auto caWith = [&](testpki::Time from, testpki::Time until) {
      testpki::Fields made = testpki::tenantCaFields(testpki::kTenantA, clock.wall());
      made.validity = {from, until};
      return testpki::issue(made, testpki::makeEcKey(), sphere().policy);
    };
    const testpki::Time now = clock.wall();
    cas = {caWith(now - hours{9000}, now + hours{9000}), caWith(now - hours{9000}, now - hours{1}), caWith(now + hours{1}, now + hours{9000}),
           caWith(now - hours{9000}, now + hours{9000})};
  }

  ~Histories() override { base::changeLogLevel(base::LogLevel::info); }

  static Case draw(std::mt19937& random) {
    const auto flip = [&](unsigned outOf) { return random() % outOf == 0; };
    Case it;
    it.known = !flip(3);
    it.denied = flip(6);
    it.revoked = flip(4);
    it.clockBehind = flip(3);
    it.ca = flip(4) ? static_cast<CaState>(random() % 4) : CaState::good;
    it.policy = static_cast<CrlPolicy>(random() % 3);
    it.lists = static_cast<Lists>(random() % 3);
    it.grace = flip(3) ? 0 : flip(2) ? 3600 : 72 * 3600;
    const std::int64_t near = static_cast<std::int64_t>(random() % 5) - 2;
    it.expiredBy = flip(3)   ? near
                   : flip(2) ? it.grace + near
                             : static_cast<std::int64_t>(random() % (80 * 3600)) - 20 * 3600;
    return it;
  }

  void play(const Case& it) {
    const std::size_t which = static_cast<std::size_t>(it.ca);
    const testpki::Issued& issuer = cas[which];
    const testpki::Time now = clock.wall();
    const testpki::Time until = now - seconds{it.expiredBy};
    const testpki::Issued leaf = testpki::issue(testpki::deviceFields(id(), {until - hours{200}, until}), key, issuer);
    std::filesystem::remove(settings.tenantCa / "issuer.pem");
    pin("namesake.pem", cas[0]);
    if (it.ca == CaState::notPinned) pin("issuer.pem", sphere().tenantB);
    else pin("issuer.pem", issuer);
    std::filesystem::remove(settings.crl / "a.crl");
    if (it.lists != Lists::none) {
      testpki::CrlFields list{.thisUpdate = now - hours{10}, .nextUpdate = it.lists == Lists::stale ? now - hours{1} : now + hours{1}};
      if (it.revoked) list.revoked.push_back(leaf.certificate);
      file("crls/a.crl", testpki::pem(*testpki::makeCrl(list, issuer)));
    }
    settings.crlPolicy = it.policy;
    settings.expiredGrace = seconds{it.grace};
    settings.denyFile = file("deny.txt", it.denied ? id() + "\n" : "");

    simulation::MemoryTables empty;
    simulation::MemoryStore none{time.timers, empty};
    metrics::Registry counts;
    test::ManualClock machine;
    if (it.clockBehind) machine.jump(-hours{200'000});
    ClockFloor judged{machine, none, counts, now};
    KnownDevices devices{none, time.timers, counts};
    if (it.known) devices.seen(id(), std::string(64, 'c'), 0);
    auto admission = Admission::load(settings, judged, devices, counts);
    ASSERT_TRUE(admission) << admission.error();
    // Asked twice, because a refusal is remembered.
    for (int knock = 0; knock < 2; ++knock) {
      const Judgement judgement = (*admission)->judge(*leaf.certificate);
      ASSERT_EQ(judgement.refusal, oracle(it)) << textOf(it) << ": " << judgement.reason;
      if (judgement.refusal == Refusal::none) EXPECT_EQ(judgement.inGrace, it.expiredBy >= 0) << textOf(it);
      else EXPECT_NE(judgement.reason, "") << textOf(it);
    }
  }

  const testpki::Key key = testpki::makeEcKey();
  std::vector<testpki::Issued> cas;
};

unsigned fromEnvironment(const char* name, unsigned otherwise) {
  const char* text = std::getenv(name);
  return text ? static_cast<unsigned>(std::strtoul(text, nullptr, 10)) : otherwise;
}

TEST_F(Histories, endAsTheOracleSays) {
  const unsigned seed = fromEnvironment("SPHEREGATE_SEED", std::random_device{}());
  const unsigned count = fromEnvironment("SPHEREGATE_HISTORIES", 400);
  std::mt19937 random{seed};
  std::map<Refusal, int> ends;
  for (unsigned number = 0; number < count && !HasFatalFailure(); ++number) {
    const Case it = draw(random);
    SCOPED_TRACE("seed " + std::to_string(seed) + ", case " + std::to_string(number));
    play(it);
    ++ends[oracle(it)];
  }
  EXPECT_GT(ends[Refusal::none], static_cast<int>(count / 20));
  EXPECT_GE(ends.size(), 7u) << "the cases should be of every kind";
}

}  // namespace
}  // namespace spheregate::identity
