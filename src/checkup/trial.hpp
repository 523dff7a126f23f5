#pragma once

#include <memory>

#include "no_store.hpp"
#include "spheregate/base/timers.hpp"
#include "spheregate/identity/admission.hpp"
#include "spheregate/metrics/registry.hpp"

namespace spheregate::checkup {

// The daemon's own admission, loaded as it would load it, and let go again.
class Trial {
 public:
  Trial(const identity::Settings& settings, base::WallTime released)
      : time_{clock_, store_, metrics_, released},
        known_{store_, timers_, metrics_},
        admission_{identity::Admission::load(settings, time_, known_, metrics_)} {}

  explicit operator bool() const { return admission_.has_value(); }
  std::string error() const { return admission_.error(); }
  const identity::Admission& operator*() const { return **admission_; }

 private:
  base::SystemClock clock_;
  base::Timers timers_{clock_};
  metrics::Registry metrics_;
  NoStore store_;
  identity::ClockFloor time_;
  identity::KnownDevices known_;
  base::Explained<std::unique_ptr<identity::Admission>> admission_;
};

}  // namespace spheregate::checkup
