#include <sys/timex.h>

#include <chrono>
#include <string>

#include "certificate_reading.hpp"
#include "items.hpp"
#include "spheregate/x509/certificate_text.hpp"

namespace spheregate::checkup {
namespace {

constexpr const char* kSet = "set the clock with `timedatectl set-ntp true`, or let this machine reach a time server";

}  // namespace

Findings lookAtClock(const Subject& subject) {
  Report report{"clock"};
  const std::int64_t now = secondsNow();
  const std::string says = "this machine's clock says " + x509::timeText(now);
  timex state{};
  const int answer = adjtimex(&state);
  if (now < std::chrono::system_clock::to_time_t(subject.released)) {
    report.fail(says + ", which is before this version was released: certificates seem not yet valid, and the hub takes the gateway's tokens for expired", {}, kSet);
  } else if (answer == TIME_ERROR || (answer >= 0 && (state.status & STA_UNSYNC) != 0)) {
    report.warn(says + ", and the kernel says that nobody keeps it synchronised", {}, kSet);
  } else {
    report.pass(says + (answer < 0 ? "; whether it is synchronised cannot be seen here" : ", synchronised"));
  }
  return report.take();
}

}  // namespace spheregate::checkup
