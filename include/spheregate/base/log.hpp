#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

namespace spheregate::base {

enum class LogLevel : std::uint8_t { debug, info, warn, error, silent };
enum class LogFormat : std::uint8_t { text, json };
inline constexpr std::size_t kLogLevels = 4;  // without `silent`

struct LogField {
  LogField(std::string_view fieldName, std::string_view text) : name{fieldName}, value{text} {}
  LogField(std::string_view fieldName, const char* text) : name{fieldName}, value{text} {}
  LogField(std::string_view fieldName, const std::string& text) : name{fieldName}, value{text} {}
  LogField(std::string_view fieldName, bool flag) : name{fieldName}, value{flag ? "true" : "false"} {}
  template <class Number>
    requires std::is_arithmetic_v<Number>
  LogField(std::string_view fieldName, Number number) : name{fieldName}, value{std::to_string(number)} {}

  std::string_view name;
  std::string value;
};

// How many alike were not written before this line; a line without any says nothing of it.
inline LogField moreBefore(std::uint64_t lines) { return {"more_before", lines == 0 ? std::string{} : std::to_string(lines)}; }

// One event a line on stderr: `level event key=value ...` or a JSON object. Any thread. An empty value is left out; others are escaped and
// cut at 1 KiB, so that bytes a peer sent can neither forge a line nor fill the log. Of one event at most kLogRepeatsMax lines are
// written in a second, whoever logs it; how many were left out is a line of its own. Never pass a secret.
void log(LogLevel level, std::string_view event, std::initializer_list<LogField> fields = {});

inline void logDebug(std::string_view event, std::initializer_list<LogField> fields = {}) { log(LogLevel::debug, event, fields); }
inline void logInfo(std::string_view event, std::initializer_list<LogField> fields = {}) { log(LogLevel::info, event, fields); }
inline void logWarn(std::string_view event, std::initializer_list<LogField> fields = {}) { log(LogLevel::warn, event, fields); }
inline void logError(std::string_view event, std::initializer_list<LogField> fields = {}) { log(LogLevel::error, event, fields); }

void configureLog(LogLevel level, LogFormat format);
// The format stays. Any thread.
void changeLogLevel(LogLevel level);
LogLevel logLevel();
bool logEnabled(LogLevel level);
std::string_view levelWord(LogLevel level);

// What a sink gets. Views are good for the call.
struct LogRecord {
  LogLevel level = LogLevel::info;
  std::string_view event;
  std::span<const LogField> fields;
  std::string_view alias;  // what people call the device in it; often empty
};
// False when it could not take the line; then it goes to stderr. Called from any thread.
using LogSink = std::function<bool(const LogRecord& record)>;
// Lines go there instead of stderr; nothing: to stderr again. Any thread.
void logTo(LogSink sink);

inline constexpr unsigned kLogRepeatsMax = 100;
// Writes how many lines were left out lately, if any were. The log does so itself whenever it is used; a daemon that may fall silent
// calls this now and then.
void logWhatWasLeftOut();

// Since the start of the process.
struct LogCounts {
  std::array<std::uint64_t, kLogLevels> lines{};  // written, by level
  std::uint64_t leftOut = 0;
};
LogCounts logCounts();

// What people call a device; empty when they have no name for it. Called from any thread.
using DeviceNames = std::function<std::string(std::string_view deviceId)>;
// Fields that hold a device's id are `device`, `cn`, `client_id` and `registration`. In a line of text they show its name, or its
// `shortId`; in JSON they hold the id, and the name stands beside it as `alias`. Any thread; replaces what was given before.
void nameDevices(DeviceNames names);
// For a device in the midst of a text: its name, or else its `shortId`. Any thread.
std::string calledDevice(std::string_view deviceId);

// `first 8…last 4` of a long id that a machine made, of hexadecimal digits; other ids as they are, because people read them to the end.
std::string shortId(std::string_view deviceId);

}  // namespace spheregate::base
