#include "spheregate/base/log.hpp"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <atomic>
#include <iterator>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "device_aliases.hpp"
#include "spheregate/base/log_repeats.hpp"
#include "spheregate/base/log_text.hpp"

namespace spheregate::base {
namespace {

std::atomic<LogLevel> threshold{LogLevel::info};
std::atomic<LogFormat> shape{LogFormat::text};

std::array<std::atomic<std::uint64_t>, kLogLevels> written{};
std::atomic<std::uint64_t> omitted{0};

// Lines come from any thread.
std::mutex guard;
LogRepeats repeats{kLogRepeatsMax};
std::shared_ptr<const LogSink> elsewhere;

spdlog::logger& standardError() {
  static const std::shared_ptr<spdlog::logger> logger = [] {
    auto made = std::make_shared<spdlog::logger>("spheregate", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    made->set_level(spdlog::level::trace);
    made->set_pattern("%v");
    made->flush_on(spdlog::level::trace);
    return made;
  }();
  return *logger;
}

void write(LogLevel level, std::string_view event, std::span<const LogField> given, const std::shared_ptr<const LogSink>& sink) {
  std::vector<LogField> fields;
  std::ranges::copy_if(given, std::back_inserter(fields), [](const LogField& field) { return !field.value.empty(); });
  std::string alias;
  for (const LogField& field : fields) {
    if (alias.empty()) alias = aliasIn(field);
  }
  const LogRecord record{.level = level, .event = event, .fields = fields, .alias = alias};
  written[static_cast<std::size_t>(level)].fetch_add(1, std::memory_order_relaxed);
  if (sink && (*sink)(record)) return;
  const bool json = shape.load(std::memory_order_relaxed) == LogFormat::json;
  const WallTime now = std::chrono::system_clock::now();
  standardError().info("{}", json ? jsonLine(record, now) : textLine(record, now));
}

void tell(const std::vector<LogRepeats::LeftOut>& leftOut, const std::shared_ptr<const LogSink>& sink) {
  for (const LogRepeats::LeftOut& one : leftOut) {
    const LogField fields[] = {{"of", one.event}, {"lines", one.lines}, {"lines_a_second", kLogRepeatsMax}};
    write(LogLevel::warn, "log lines left out", fields, sink);
  }
}

}  // namespace

void log(LogLevel level, std::string_view event, std::initializer_list<LogField> fields) {
  if (!logEnabled(level)) return;
  const MonoTime now = std::chrono::steady_clock::now();
  std::vector<LogRepeats::LeftOut> leftOut;
  std::shared_ptr<const LogSink> sink;
  bool passes = false;
  {
    const std::lock_guard lock{guard};
    leftOut = repeats.leftOut(now);
    passes = repeats.pass(event, now);
    sink = elsewhere;
  }
  tell(leftOut, sink);
  if (passes)
    write(level, event, {fields.begin(), fields.size()}, sink);
  else
    omitted.fetch_add(1, std::memory_order_relaxed);
}

void logWhatWasLeftOut() {
  std::vector<LogRepeats::LeftOut> leftOut;
  std::shared_ptr<const LogSink> sink;
  {
    const std::lock_guard lock{guard};
    leftOut = repeats.leftOut(std::chrono::steady_clock::now());
    sink = elsewhere;
  }
  if (logEnabled(LogLevel::warn)) tell(leftOut, sink);
}

void configureLog(LogLevel level, LogFormat format) {
  threshold = level;
  shape = format;
}

void changeLogLevel(LogLevel level) { threshold = level; }

LogLevel logLevel() { return threshold.load(std::memory_order_relaxed); }

bool logEnabled(LogLevel level) { return level >= threshold.load(std::memory_order_relaxed); }

std::string_view levelWord(LogLevel level) {
  constexpr std::string_view names[] = {"debug", "info", "warn", "error", "silent"};
  return names[static_cast<std::size_t>(level)];
}

void logTo(LogSink sink) {
  auto given = sink ? std::make_shared<const LogSink>(std::move(sink)) : nullptr;
  const std::lock_guard lock{guard};
  elsewhere.swap(given);
}

LogCounts logCounts() {
  LogCounts counts;
  for (std::size_t level = 0; level < kLogLevels; ++level) counts.lines[level] = written[level].load(std::memory_order_relaxed);
  counts.leftOut = omitted.load(std::memory_order_relaxed);
  return counts;
}

}  // namespace spheregate::base
