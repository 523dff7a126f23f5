#pragma once

#include <optional>
#include <string_view>

#include "spheregate/base/log_gate.hpp"
#include "spheregate/base/timers.hpp"
#include "spheregate/identity/admission.hpp"
#include "spheregate/metrics/registry.hpp"
#include "spheregate/relay/front.hpp"

namespace spheregate::app {

// Judges everybody who is connected again: when the trust has changed, and every minute for certificates that come to their end. Lives
// on the core thread; the parts outlive it.
class Reviews {
 public:
  Reviews(base::Timers& timers, const identity::Admission& admission, relay::Front& front, metrics::Registry& metrics);

  void review();
  // Whether a device must go that has just finished its handshake: what it was judged by may have changed meanwhile.
  bool turnsAway(const tls::Verdict& verdict, std::string_view peer);

 private:
  std::optional<relay::Unwelcome> judge(const tls::Verdict& verdict) const;

  base::Timers& timers_;
  const identity::Admission& admission_;
  relay::Front& front_;
  metrics::Registry& metrics_;
  base::LogGate lateGate_;
  base::Timer timer_;
};

}  // namespace spheregate::app
