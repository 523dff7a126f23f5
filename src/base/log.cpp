#include "spheregate/base/log.hpp"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <atomic>
#include <memory>

#include "spheregate/base/utf8.hpp"

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

// More than any honest value has. A peer's text may be larger, and would fill the log.
constexpr std::size_t kValueBytesMax = 1024;

// A byte that is no UTF-8 keeps its value in a line of text; JSON has no way to say it.
void appendEscaped(std::string& out, std::string_view text, LogFormat format) {
  out += '"';
  while (!text.empty()) {
    const Utf8Character character = firstCharacter(text);
    const std::string_view bytes = text.substr(0, character.bytes);
    if (!character.valid) {
      out += format == LogFormat::json ? "\\ufffd" : fmt::format("\\x{:02x}", static_cast<unsigned>(character.code));
    } else if (obeyed(character.code)) {
      out += fmt::format("\\u{:04x}", static_cast<unsigned>(character.code));
    } else {
      if (character.code == '"' || character.code == '\\') out += '\\';
      out += bytes;
    }
    text.remove_prefix(character.bytes);
  }
  out += '"';
}

bool plain(std::string_view text) {
  if (text.empty()) return false;
  while (!text.empty()) {
    const Utf8Character character = firstCharacter(text);
    const char32_t code = character.code;
    if (!character.valid || obeyed(code) || code == ' ' || code == '"' || code == '\\' || code == '=') return false;
    text.remove_prefix(character.bytes);
  }
  return true;
}

std::string clipped(const std::string& value) {
  if (value.size() <= kValueBytesMax) return value;
  return std::string{clipUtf8(value, kValueBytesMax)} + "\u2026";
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
  appendEscaped(line, event, LogFormat::json);
  for (const LogField& field : fields) {
    line += ',';
    appendEscaped(line, field.name, LogFormat::json);
    line += ':';
    appendEscaped(line, clipped(field.value), LogFormat::json);
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
    const std::string value = clipped(field.value);
    if (plain(value))
      line += value;
    else
      appendEscaped(line, value, LogFormat::text);
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

void changeLogLevel(LogLevel level) { threshold = level; }

bool logEnabled(LogLevel level) { return level >= threshold.load(std::memory_order_relaxed); }

std::string shortId(std::string_view deviceId) {
  if (deviceId.size() <= 24) return std::string{deviceId};
  std::string text{deviceId.substr(0, 8)};
  text += "\u2026";
  text += deviceId.substr(deviceId.size() - 4);
  return text;
}

}  // namespace spheregate::base
