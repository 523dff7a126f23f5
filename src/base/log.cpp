#include "spheregate/base/log.hpp"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <atomic>
#include <memory>

namespace spheregate::base {
namespace {

std::atomic<LogLevel> threshold{LogLevel::info};
std::atomic<LogFormat> shape{LogFormat::text};

spdlog::logger& sink() {
  static const std::shared_ptr<spdlog::logger> logger = [] {
    auto made = std::make_shared<spdlog::logger>("spheregate", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    made->set_level(spdlog::level::trace);
    made->set_pattern("%v");
    made->flush_on(spdlog::level::trace);
    return made;
  }();
  return *logger;
}

std::string_view levelName(LogLevel level) {
  constexpr std::string_view names[] = {"debug", "info", "warn", "error"};
  return names[static_cast<std::size_t>(level)];
}

void appendEscaped(std::string& out, std::string_view text) {
  out += '"';
  for (const char raw : text) {
    const auto c = static_cast<unsigned char>(raw);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += raw;
    } else if (c < 0x20 || c == 0x7f) {
      out += fmt::format("\\u{:04x}", c);
    } else {
      out += raw;
    }
  }
  out += '"';
}

bool plain(std::string_view text) {
  if (text.empty()) return false;
  for (const char raw : text) {
    const auto c = static_cast<unsigned char>(raw);
    if (c <= 0x20 || c == '"' || c == '\\' || c == '=' || c == 0x7f) return false;
  }
  return true;
}

std::string timestamp() {
  const auto now = std::chrono::system_clock::now();
  const auto millis = std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count();
  const std::time_t seconds = static_cast<std::time_t>(millis / 1000);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  char text[40];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
  return fmt::format("{}.{:03}Z", text, millis % 1000);
}

std::string asJson(LogLevel level, std::string_view event, std::initializer_list<LogField> fields) {
  std::string line = fmt::format("{{\"time\":\"{}\",\"level\":\"{}\",\"event\":", timestamp(), levelName(level));
  appendEscaped(line, event);
  for (const LogField& field : fields) {
    line += ',';
    appendEscaped(line, field.name);
    line += ':';
    appendEscaped(line, field.value);
  }
  line += '}';
  return line;
}

std::string asLine(LogLevel level, std::string_view event, std::initializer_list<LogField> fields) {
  std::string line = fmt::format("{} {:<5} {}", timestamp(), levelName(level), event);
  for (const LogField& field : fields) {
    line += ' ';
    line += field.name;
    line += '=';
    if (plain(field.value))
      line += field.value;
    else
      appendEscaped(line, field.value);
  }
  return line;
}

}  // namespace

void log(LogLevel level, std::string_view event, std::initializer_list<LogField> fields) {
  if (!logEnabled(level)) return;
  const bool json = shape.load(std::memory_order_relaxed) == LogFormat::json;
  sink().info("{}", json ? asJson(level, event, fields) : asLine(level, event, fields));
}

void configureLog(LogLevel level, LogFormat format) {
  threshold = level;
  shape = format;
}

bool logEnabled(LogLevel level) { return level >= threshold.load(std::memory_order_relaxed); }

std::string shortId(std::string_view deviceId) {
  if (deviceId.size() <= 24) return std::string{deviceId};
  std::string text{deviceId.substr(0, 8)};
  text += "\u2026";
  text += deviceId.substr(deviceId.size() - 4);
  return text;
}

}  // namespace spheregate::base
