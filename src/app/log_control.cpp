#include "log_control.hpp"

#include <array>
#include <string>

#include "iso_time.hpp"
#include "spheregate/ops/journal.hpp"

namespace spheregate::app {
namespace {

// A flood of lines may be the last thing that is logged for long; what was left out of it is told so soon.
constexpr std::chrono::seconds kLook{2};

constexpr std::array kLevels{base::LogLevel::debug, base::LogLevel::info, base::LogLevel::warn, base::LogLevel::error};
static_assert(kLevels.size() == base::kLogLevels);

void count(metrics::Registry& metrics) {
  std::array<metrics::Counter*, base::kLogLevels> lines{};
  for (std::size_t number = 0; number < kLevels.size(); ++number) {
    lines[number] = &metrics.counter("log_lines_total", "Lines written to the log, by level.", {{"level", std::string{base::levelWord(kLevels[number])}}});
  }
  metrics::Counter& leftOut =
      metrics.counter("log_lines_left_out_total", "Lines that were not written because their event had come too often within a second.");
  metrics.beforeScrape([lines, &leftOut] {
    const base::LogCounts counts = base::logCounts();
    for (std::size_t number = 0; number < lines.size(); ++number) lines[number]->set(counts.lines[number]);
    leftOut.set(counts.leftOut);
  });
}

}  // namespace

void beginLog(base::LogLevel level, base::LogFormat format) {
  base::configureLog(level, format);
  if (ops::writesToJournal()) base::logTo(ops::journalSink(format));
}

LogControl::LogControl(base::Timers& timers, metrics::Registry& metrics, base::LogLevel configured)
    : timers_{timers}, configured_{configured}, over_{timers}, look_{timers} {
  count(metrics);
  look();
}

void LogControl::look() {
  base::logWhatWasLeftOut();
  look_.after(kLook, [this] { look(); });
}

void LogControl::configure(base::LogLevel level) {
  if (level == configured_) return;
  configured_ = level;
  if (chosen_) return revert("the configured level has changed");
  base::changeLogLevel(level);
}

void LogControl::choose(base::LogLevel level, std::optional<std::chrono::seconds> time, std::uint32_t uid) {
  over_.cancel();
  until_.reset();
  chosen_ = true;
  if (time) {
    until_ = timers_.clock().wall() + *time;
    over_.after(*time, [this] { revert("its time is over"); });
  }
  const base::LogLevel before = base::logLevel();
  // Whoever silences the log is to be found in it.
  if (level > base::LogLevel::info) base::changeLogLevel(base::LogLevel::info);
  else base::changeLogLevel(level);
  base::logInfo("log level chosen", {{"level", base::levelWord(level)},
                                     {"was", base::levelWord(before)},
                                     {"until", until_ ? iso8601(*until_) : std::string{"the configuration is read again"}},
                                     {"uid", uid}});
  base::changeLogLevel(level);
}

void LogControl::reset(const char* why) {
  if (chosen_) revert(why);
}

void LogControl::revert(const char* why) {
  chosen_ = false;
  until_.reset();
  over_.cancel();
  base::changeLogLevel(configured_);
  base::logInfo("log level as configured", {{"level", base::levelWord(configured_)}, {"because", why}});
}

LogControl::State LogControl::state() const { return {.level = base::logLevel(), .configured = configured_, .chosen = chosen_, .until = until_}; }

std::optional<base::LogLevel> logLevelNamed(std::string_view word) {
  for (const base::LogLevel level : kLevels) {
    if (word == base::levelWord(level)) return level;
  }
  return std::nullopt;
}

}  // namespace spheregate::app
