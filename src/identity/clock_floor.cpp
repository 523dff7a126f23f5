#include "spheregate/identity/clock_floor.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string>
#include <string_view>

#include "spheregate/base/log.hpp"
#include "spheregate/x509/certificate_text.hpp"

namespace spheregate::identity {
namespace {

constexpr const char* kRow = "clock_floor";
constexpr std::string_view kFormat = "1 ";
// How far the two clocks may drift apart in `kSteady`. A time service that corrects a good clock moves it by less.
constexpr std::chrono::minutes kDrift{2};
constexpr std::int64_t kYear2200 = 7'258'118'400;

std::int64_t secondsOf(base::WallTime time) { return std::chrono::system_clock::to_time_t(time); }

std::optional<base::WallTime> readRow(std::string_view row) {
  if (!row.starts_with(kFormat)) return std::nullopt;
  row.remove_prefix(kFormat.size());
  std::int64_t seconds = 0;
  const auto [end, error] = std::from_chars(row.data(), row.data() + row.size(), seconds);
  if (error != std::errc{} || end != row.data() + row.size() || seconds < 0 || seconds > kYear2200) return std::nullopt;
  return base::WallTime{std::chrono::seconds{seconds}};
}

std::optional<base::WallTime> keptIn(state::Store& store) {
  for (const auto& [key, row] : store.all(state::Table::gateway, kRow)) {
    if (key != kRow) continue;
    if (const auto kept = readRow(row)) return kept;
    base::logWarn("clock floor unreadable", {{"consequence", "the release date of the program is the earliest time that it can be"}});
  }
  return std::nullopt;
}

}  // namespace

ClockFloor::ClockFloor(const base::Clock& clock, state::Store& store, metrics::Registry& metrics, base::WallTime released)
    : clock_{clock},
      store_{store},
      behindGauge_{metrics.gauge("clock_behind", "1 while the clock of the machine is earlier than it can be; certificates are judged by the "
                                                 "floor then.")},
      floor_{released},
      steadySince_{clock.now()},
      steadyFrom_{clock.wall()} {
  if (const auto kept = keptIn(store)) floor_ = std::max(floor_, *kept);
  metrics.beforeScrape([this, alive = std::weak_ptr{alive_}] {
    if (!alive.expired()) watch();
  });
  watch();
}

ClockFloor::~ClockFloor() = default;

base::WallTime ClockFloor::wall() const {
  watch();
  return std::max(machine(), floor_);
}

// Told when it begins and when it ends.
void ClockFloor::watch() const {
  const bool is = behind();
  behindGauge_.set(is ? 1 : 0);
  if (is == told_) return;
  told_ = is;
  if (!is) return base::logInfo("clock right again", {{"clock", x509::timeText(secondsOf(machine()))}});
  base::logWarn("clock behind", {{"clock", x509::timeText(secondsOf(machine()))},
                                 {"cannot_be_before", x509::timeText(secondsOf(floor_))},
                                 {"consequence", "certificates are judged by the second time; those issued later are refused as not yet valid"},
                                 {"fix", "set the clock: `timedatectl` shows it and whether a time server is reached; if the clock is right "
                                         "and the floor is not, see \"The clock\" in /usr/share/doc/spheregate/operations.md"}});
}

bool ClockFloor::steady() {
  const base::MonoTime now = clock_.now();
  const auto run = machine() - steadyFrom_;
  const auto apart = run - std::chrono::duration_cast<base::WallTime::duration>(now - steadySince_);
  if (apart > kDrift || apart < -kDrift) {
    steadySince_ = now;
    steadyFrom_ = machine();
  }
  return now - steadySince_ >= kSteady;
}

void ClockFloor::confirm() {
  if (!steady() || machine() - floor_ < kStep) return;
  floor_ = machine();
  // One that is not stored is an hour older than it could be.
  store_.put(state::Table::gateway, kRow, std::string{kFormat} + std::to_string(secondsOf(floor_)));
}

}  // namespace spheregate::identity
