#include "calendar.hpp"

#include <array>
#include <chrono>
#include <limits>
#include <utility>

#include "spheregate/base/log.hpp"
#include "spheregate/x509/certificate_text.hpp"

namespace spheregate::app {
namespace {

constexpr const char* kMetric = "certificate_expiry_timestamp_seconds";
constexpr std::int64_t kDay = 24 * 3600;
constexpr std::array<std::int64_t, 4> kMarks{7, 30, 90, 120};  // days
constexpr std::int64_t kNothingTold = std::numeric_limits<std::int64_t>::max();

void warn(const Dated& entry, const char* event, const char* when, std::int64_t time, std::int64_t now, const std::string& fix) {
  base::logWarn(entry.what + event, {{"name", entry.name},
                                     {"file", entry.file},
                                     {when, x509::timeText(time)},
                                     {time <= now ? "since" : "left", x509::spanText(time < now ? now - time : time - now)},
                                     {"fix", fix}});
}

}  // namespace

Calendar::Calendar(base::Timers& timers, metrics::Registry& metrics, Entries entries)
    : metrics_{metrics}, timers_{timers}, entries_{std::move(entries)}, timer_{timers} {}

void Calendar::look() {
  timer_.after(std::chrono::hours{1}, [this] { look(); });
  const std::int64_t now = std::chrono::system_clock::to_time_t(timers_.clock().wall());
  std::map<std::string, Warned> warned;
  std::set<std::string> shown;
  dated_ = entries_();
  for (const Dated& entry : dated_) {
    metrics_.gauge(kMetric, "When a certificate expires, in Unix time.", {{"certificate", entry.label}})
        .set(static_cast<double>(entry.endsSeconds));
    shown.insert(entry.label);
    const std::string key = entry.label + " " + std::to_string(entry.endsSeconds);
    if (warned.contains(key)) continue;
    const auto before = warned_.find(key);
    Warned& told = warned[key] = before == warned_.end() ? Warned{.daysLeft = kNothingTold} : before->second;
    consider(entry, now, told);
  }
  for (const std::string& label : shown_) {
    if (!shown.contains(label)) metrics_.withdrawGauge(kMetric, {{"certificate", label}});
  }
  warned_ = std::move(warned);
  shown_ = std::move(shown);
}

void Calendar::consider(const Dated& entry, std::int64_t now, Warned& told) const {
  if (now < entry.beginsSeconds) {
    if (!std::exchange(told.early, true)) {
      warn(entry, " not yet valid", "not_before", entry.beginsSeconds, now, "check the clock of this machine with `timedatectl`");
    }
    return;
  }
  const std::int64_t left = entry.endsSeconds - now;
  if (left <= 0) {
    if (told.daysLeft == 0 && now - told.atSeconds < kDay) return;
    told = {.daysLeft = 0, .atSeconds = now};
    return warn(entry, " expired", "not_after", entry.endsSeconds, now, entry.fix);
  }
  const std::int64_t halfLife = (entry.endsSeconds - entry.beginsSeconds) / 2;
  for (const std::int64_t mark : kMarks) {
    if (left > mark * kDay || mark * kDay > halfLife) continue;
    if (mark >= told.daysLeft) return;
    told.daysLeft = mark;
    return warn(entry, " expires soon", "not_after", entry.endsSeconds, now, entry.fix);
  }
}

}  // namespace spheregate::app
