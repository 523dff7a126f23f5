#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <string>

#include "spheregate/base/timers.hpp"
#include "spheregate/metrics/registry.hpp"
#include "spheregate/pki/authority.hpp"

namespace spheregate::pki {

struct RenewalSettings {
  std::filesystem::path authority;    // empty: nothing is renewed
  std::filesystem::path certificate;  // of the server: leaf first
  bool operator==(const RenewalSettings&) const = default;
};

// Keeps the server certificate young: when two thirds of its life are over, when its root has no key any more, or when it is not
// valid by this machine's clock, the authority issues it again for the same names and the same key. So only one file changes, by
// one rename: no crash leaves a certificate without its key, and the key may be in hardware. A certificate of somebody else is
// left alone. Nothing here stops the daemon: what fails is logged, counted and tried again. Core thread; it reads a few kilobytes
// each time, and once in eight months it waits for the disk.
class Renewal {
 public:
  using Renewed = std::function<void()>;
  // Certificates are dated and judged by `clock`. `renewed` runs after the file has changed, and must not destroy this.
  Renewal(RenewalSettings settings, base::Timers& timers, const base::Clock& clock, metrics::Registry& metrics, Renewed renewed);
  Renewal(const Renewal&) = delete;
  Renewal& operator=(const Renewal&) = delete;

  // Looks at once, so that a certificate that ran out while the gateway was off is new before the first device comes; then every
  // ten minutes by the clock on the wall, so that a clock that has been put right mends what was issued before.
  void begin();
  // The configuration was read again: looks at once, and from now on at what it names.
  void follow(RenewalSettings settings);

 private:
  void look();
  void renewIfDue();
  void prepareSuccessor(Authority& authority);
  void failed(const std::string& reason);

  RenewalSettings settings_;
  base::Timers& timers_;
  const base::Clock& clock_;
  Renewed renewed_;
  metrics::Counter& done_;
  metrics::Counter& failures_;
  base::Timer next_{timers_};
  std::string lastFault_;  // what was logged, so that it is not logged every time
  bool toldOfStranger_ = false;
};

}  // namespace spheregate::pki
