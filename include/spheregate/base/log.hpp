#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <type_traits>

namespace spheregate::base {

enum class LogLevel : std::uint8_t { debug, info, warn, error, silent };
enum class LogFormat : std::uint8_t { text, json };

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

// One event a line on stderr: `level event key=value ...` or a JSON object. Any thread. Values are escaped and cut
// at 1 KiB, so that bytes a peer sent can neither forge a line nor fill the log. Never pass a secret.
void log(LogLevel level, std::string_view event, std::initializer_list<LogField> fields = {});

inline void logDebug(std::string_view event, std::initializer_list<LogField> fields = {}) { log(LogLevel::debug, event, fields); }
inline void logInfo(std::string_view event, std::initializer_list<LogField> fields = {}) { log(LogLevel::info, event, fields); }
inline void logWarn(std::string_view event, std::initializer_list<LogField> fields = {}) { log(LogLevel::warn, event, fields); }
inline void logError(std::string_view event, std::initializer_list<LogField> fields = {}) { log(LogLevel::error, event, fields); }

void configureLog(LogLevel level, LogFormat format);
// The format stays. Any thread.
void changeLogLevel(LogLevel level);
bool logEnabled(LogLevel level);

// `first 8…last 4` of a long device id; short ids as they are.
std::string shortId(std::string_view deviceId);

}  // namespace spheregate::base
