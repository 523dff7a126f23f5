#pragma once

#include "spheregate/base/clock.hpp"

namespace spheregate::upstream {

// Tokens that come at a steady rate. A quarter of a second's worth can be saved up, and at least one: IoT Hub's own buckets hold
// one second, and handshakes and packets that were let go evenly arrive bunched, so a whole second's worth on top would be too
// much. Rate 0 is no limit.
class Bucket {
 public:
  Bucket(double perSecond, base::MonoTime now);

  bool limited() const { return perSecond_ > 0; }
  void setRate(double perSecond, base::MonoTime now);
  // Whether a token is there.
  bool ready(base::MonoTime now);
  // Takes one; only when `ready`.
  void take() { tokens_ -= 1; }
  // From `now`, the time of the last call to `ready`, until there is a token.
  base::Duration wait() const;

 private:
  double perSecond_;
  double most_;
  double tokens_;
  base::MonoTime filled_;
};

}  // namespace spheregate::upstream
