#include "spheregate/base/log_text.hpp"

#include <spdlog/fmt/fmt.h>

#include <ctime>

#include "device_aliases.hpp"
#include "spheregate/base/utf8.hpp"

namespace spheregate::base {
namespace {

// More than any honest value has. A peer's text may be larger, and would fill the log.
constexpr std::size_t kValueBytesMax = 1024;

enum class Form : std::uint8_t { quotedText, quotedJson, bare };

// A byte that is no UTF-8 keeps its value in text; JSON has no way to say it.
void appendEscaped(std::string& out, std::string_view text, Form form) {
  if (form != Form::bare) out += '"';
  while (!text.empty()) {
    const Utf8Character character = firstCharacter(text);
    const std::string_view bytes = text.substr(0, character.bytes);
    if (!character.valid) {
      out += form == Form::quotedJson ? "\\ufffd" : fmt::format("\\x{:02x}", static_cast<unsigned>(character.code));
    } else if (obeyed(character.code)) {
      out += fmt::format("\\u{:04x}", static_cast<unsigned>(character.code));
    } else {
      if (form != Form::bare && (character.code == '"' || character.code == '\\')) out += '\\';
      out += bytes;
    }
    text.remove_prefix(character.bytes);
  }
  if (form != Form::bare) out += '"';
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

std::string clipped(std::string_view value) {
  if (value.size() <= kValueBytesMax) return std::string{value};
  return std::string{clipUtf8(value, kValueBytesMax)} + "\u2026";
}

// What a person reads in a line of text.
std::string readable(const LogField& field) {
  if (!holdsDevice(field)) return field.value;
  std::string alias = aliasIn(field);
  return alias.empty() ? shortId(field.value) : alias;
}

std::string timestamp(WallTime time) {
  const auto millis = std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count();
  const std::time_t seconds = static_cast<std::time_t>(millis / 1000);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  char text[40];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
  return fmt::format("{}.{:03}Z", text, millis % 1000);
}

}  // namespace

std::string textMessage(const LogRecord& record) {
  std::string text{record.event};
  for (const LogField& field : record.fields) {
    text += ' ';
    text += field.name;
    text += '=';
    const std::string value = clipped(readable(field));
    if (plain(value))
      text += value;
    else
      appendEscaped(text, value, Form::quotedText);
  }
  return text;
}

std::string textLine(const LogRecord& record, WallTime time) {
  return fmt::format("{} {:<5} {}", timestamp(time), levelWord(record.level), textMessage(record));
}

std::string jsonLine(const LogRecord& record, WallTime time) {
  std::string line = fmt::format("{{\"time\":\"{}\",\"level\":\"{}\",\"event\":", timestamp(time), levelWord(record.level));
  appendEscaped(line, record.event, Form::quotedJson);
  for (const LogField& field : record.fields) {
    line += ',';
    appendEscaped(line, field.name, Form::quotedJson);
    line += ':';
    appendEscaped(line, clipped(field.value), Form::quotedJson);
  }
  if (!record.alias.empty()) {
    line += ",\"alias\":";
    appendEscaped(line, clipped(record.alias), Form::quotedJson);
  }
  line += '}';
  return line;
}

std::string fieldText(std::string_view value) {
  std::string out;
  appendEscaped(out, clipped(value), Form::bare);
  return out;
}

}  // namespace spheregate::base
