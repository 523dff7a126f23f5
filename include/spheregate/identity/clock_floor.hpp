#pragma once

#include <cstdint>
#include <memory>

#include "spheregate/base/clock.hpp"
#include "spheregate/metrics/registry.hpp"
#include "spheregate/state/store.hpp"

namespace spheregate::identity {

// The clock that certificates are judged by: the wall clock, but never earlier than a floor. Boxes without a battery begin in 1970, and
// a clock that somebody sets back would bring expired certificates to life.
//
// The floor is the later of the release date of the program and of what is kept in `state`. What is kept follows the wall clock under two
// conditions, so that a clock that jumps to 2099 does not lock the gateway into the future: the wall clock has gone with the monotonic
// one for `kSteady`, and at that moment a device was let in with a valid certificate, which somebody else's clock has dated. It is written
// once in `kStep` at most. Lives on the core thread; the references outlive it.
class ClockFloor final : public base::Clock {
 public:
  static constexpr std::chrono::hours kSteady{6};
  static constexpr std::chrono::hours kStep{1};

  // Waits for the store, once.
  ClockFloor(const base::Clock& clock, state::Store& store, metrics::Registry& metrics, base::WallTime released);
  ~ClockFloor() override;

  base::MonoTime now() const override { return clock_.now(); }
  // What certificates are judged by.
  base::WallTime wall() const override;

  // The clock of the machine, and the earliest time that it can be.
  base::WallTime machine() const { return clock_.wall(); }
  base::WallTime floor() const { return floor_; }
  bool behind() const { return machine() < floor_; }

  // A device was let in with a certificate that is valid at `wall()`.
  void confirm();

 private:
  void watch() const;
  bool steady();

  const base::Clock& clock_;
  state::Store& store_;
  metrics::Gauge& behindGauge_;
  base::WallTime floor_;
  base::MonoTime steadySince_;
  base::WallTime steadyFrom_;  // the wall clock at that moment
  mutable bool told_ = false;
  const std::shared_ptr<const bool> alive_ = std::make_shared<const bool>(true);
};

}  // namespace spheregate::identity
