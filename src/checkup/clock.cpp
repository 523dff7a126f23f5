#include <sys/timex.h>

#include <string>

#include "certificate_reading.hpp"
#include "items.hpp"
#include "spheregate/x509/certificate_text.hpp"

namespace spheregate::checkup {
namespace {

// No clock is right that says less: this version was not written yet.
constexpr std::int64_t kFloor = 1'767'225'600;  // 2026-01-01
constexpr const char* kSet = "set the clock with `timedatectl set-ntp true`, or let this machine reach a time server";

}  // namespace

Findings lookAtClock(const Subject&) {
  Report report{"clock"};
  const std::int64_t now = secondsNow();
  const std::string says = "this machine's clock says " + x509::timeText(now);
  timex state{};
  const int answer = adjtimex(&state);
  if (now < kFloor) {
    report.fail(says + ", which is before this version was made: certificates will be taken for not yet valid, tokens for expired", {}, kSet);
  } else if (answer == TIME_ERROR || (answer >= 0 && (state.status & STA_UNSYNC) != 0)) {
    report.warn(says + ", and the kernel says that nobody keeps it synchronised", {}, kSet);
  } else {
    report.pass(says + (answer < 0 ? "; whether it is synchronised cannot be seen here" : ", synchronised"));
  }
  return report.take();
}

}  // namespace spheregate::checkup
