#include "spheregate/base/log.hpp"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <mutex>
#include <utility>

#include "spheregate/base/utf8.hpp"

namespace spheregate::base {
namespace {

std::atomic<LogLevel> threshold{LogLevel::info};
std::atomic<LogFormat> shape{LogFormat::text};

// Lines come from any thread, and names change while the gateway runs.
std::mutex namesGuard;
std::shared_ptr<const DeviceNames> deviceNames;

bool holdsDevice(const LogField& field) {
  return field.name == "device" || field.name == "cn" || field.name == "client_id" || field.name == "registration";
}

// What people call the device of this field; empty when it is no device's field, or has no name.
std::string aliasIn(const LogField& field) {
  if (!holdsDevice(field)) return {};
  std::shared_ptr<const DeviceNames> names;
  {
    const std::lock_guard guard{namesGuard};
    names = deviceNames;
  }
  return names ? (*names)(field.value) : std::string{};
}

// What a person reads in a line of text.
std::string readable(const LogField& field) {
  if (!holdsDevice(field)) return field.value;
  std::string alias = aliasIn(field);
  return alias.empty() ? shortId(field.value) : alias;
}

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
  std::string alias;
  for (const LogField& field : fields) {
    line += ',';
    appendEscaped(line, field.name, LogFormat::json);
    line += ':';
    appendEscaped(line, clipped(field.value), LogFormat::json);
    if (alias.empty()) alias = aliasIn(field);
  }
  if (!alias.empty()) {
    line += ",\"alias\":";
    appendEscaped(line, clipped(alias), LogFormat::json);
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
    const std::string value = clipped(readable(field));
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

void nameDevices(DeviceNames names) {
  auto given = names ? std::make_shared<const DeviceNames>(std::move(names)) : nullptr;
  const std::lock_guard guard{namesGuard};
  deviceNames.swap(given);
}

std::string shortId(std::string_view deviceId) {
  constexpr std::size_t kShownWhole = 24;
  const bool made = deviceId.find_first_not_of("0123456789abcdefABCDEF") == std::string_view::npos;
  if (deviceId.size() <= kShownWhole || !made) return std::string{deviceId};
  std::string text{deviceId.substr(0, 8)};
  text += "\u2026";
  text += deviceId.substr(deviceId.size() - 4);
  return text;
}

}  // namespace spheregate::base
