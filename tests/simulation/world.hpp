#pragma once

#include <cstdint>
#include <functional>
#include <random>

#include "spheregate/base/clock.hpp"
#include "spheregate/base/timers.hpp"

namespace spheregate::simulation {

class FakeClock final : public base::Clock {
 public:
  base::MonoTime now() const override { return now_; }
  base::WallTime wall() const override { return kWallStart + std::chrono::duration_cast<base::WallTime::duration>(now_ - kStart); }
  void set(base::MonoTime now) { now_ = now; }

 private:
  static constexpr base::MonoTime kStart{std::chrono::hours{1}};
  static constexpr base::WallTime kWallStart{std::chrono::seconds{1'700'000'000}};
  base::MonoTime now_ = kStart;
};

// Time and chance of one simulated run: everything that happens is a timer of this world, so a seed repeats it exactly.
class World {
 public:
  explicit World(std::uint64_t seed) : random{seed} {}
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  // Jumps from event to event until `end`, or until `done` says so.
  void runUntil(base::MonoTime end, const std::function<bool()>& done = {}) {
    while (true) {
      if (done && done()) return;
      const auto next = timers.next();
      if (!next || *next > end) break;
      if (*next > clock.now()) clock.set(*next);
      timers.run(clock.now());
    }
    clock.set(end);
  }
  void runFor(base::Duration time, const std::function<bool()>& done = {}) { runUntil(clock.now() + time, done); }

  std::uint64_t below(std::uint64_t bound) { return bound == 0 ? 0 : random() % bound; }
  bool chance(double probability) { return static_cast<double>(random() >> 11) * 0x1.0p-53 < probability; }
  base::Duration upTo(base::Duration longest) {
    return base::Duration{static_cast<base::Duration::rep>(below(static_cast<std::uint64_t>(longest.count()) + 1))};
  }

  FakeClock clock;
  base::Timers timers{clock};
  std::mt19937_64 random;
};

}  // namespace spheregate::simulation
