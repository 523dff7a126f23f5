#pragma once

namespace spheregate::hubsim {

// A service beside the hub that obeys the same switches.
class Companion {
 public:
  virtual ~Companion() = default;
  virtual void faultsSet() = 0;
  // Counts start anew.
  virtual void reset() = 0;
};

}  // namespace spheregate::hubsim
