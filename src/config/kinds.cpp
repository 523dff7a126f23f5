#include "kinds.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <string_view>

#include "spheregate/base/similar.hpp"
#include "spheregate/base/utf8.hpp"

namespace spheregate::config {

std::string quote(std::string_view text) {
  constexpr std::size_t most = 40;
  std::string out{"\""};
  std::string_view rest = base::clipUtf8(text, most);
  while (!rest.empty()) {
    const base::Utf8Character character = base::firstCharacter(rest);
    if (character.valid && !base::obeyed(character.code))
      out += rest.substr(0, character.bytes);
    else
      out += '?';
    rest.remove_prefix(character.bytes);
  }
  out += text.size() > most ? "…\"" : "\"";
  return out;
}

std::string quotedScalar(std::string_view text) {
  std::string out{"\""};
  while (!text.empty()) {
    const base::Utf8Character character = base::firstCharacter(text);
    if (character.valid && base::obeyed(character.code)) {
      std::array<char, 8> escape{};
      std::snprintf(escape.data(), escape.size(), "\\u%04x", static_cast<unsigned>(character.code));
      out += escape.data();
    } else {
      if (character.code == '"' || character.code == '\\') out += '\\';
      out += text.substr(0, character.bytes);
    }
    text.remove_prefix(character.bytes);
  }
  return out += '"';
}

Kind<std::uint64_t> size(std::uint64_t least, std::uint64_t most) {
  const std::string bounds = sizeText(least) + " to " + sizeText(most);
  return {.words = "size, " + bounds,
          .read = [=](const std::string& text) -> Reading<std::uint64_t> {
            const auto bytes = parseSize(text);
            if (!bytes)
              return Complaint{quote(text) + " is not a size", "write bytes, or a number with KiB, MiB or GiB, as in 64MiB"};
            if (*bytes < least || *bytes > most) return Complaint{text + " is out of bounds", "write a size of " + bounds};
            return *bytes;
          },
          .write = sizeText};
}

Kind<std::uint64_t> whole(std::uint64_t least, std::uint64_t most) {
  const std::string bounds = std::to_string(least) + " to " + std::to_string(most);
  return {.words = "whole number, " + bounds,
          .read = [=](const std::string& text) -> Reading<std::uint64_t> {
            const auto number = parseWhole(text);
            if (!number) return Complaint{quote(text) + " is not a whole number", "write a number of " + bounds};
            if (*number < least || *number > most) return Complaint{text + " is out of bounds", "write a number of " + bounds};
            return *number;
          },
          .write = [](const std::uint64_t& number) { return std::to_string(number); },
          .plain = true};
}

Kind<double> rate(double least, double most) {
  const std::string bounds = realText(least) + " to " + realText(most);
  return {.words = "number a second, " + bounds,
          .read = [=](const std::string& text) -> Reading<double> {
            const auto number = parseReal(text);
            if (!number) return Complaint{quote(text) + " is not a number", "write a number of " + bounds};
            if (*number < least || *number > most) return Complaint{text + " is out of bounds", "write a number of " + bounds};
            return *number;
          },
          .write = realText,
          .plain = true};
}

Kind<std::chrono::milliseconds> duration(std::chrono::milliseconds least, std::chrono::milliseconds most, Zero zero) {
  const std::string bounds = (zero == Zero::allowed ? "0, or " : "") + durationText(least) + " to " + durationText(most);
  return {.words = "time, " + bounds,
          .read = [=](const std::string& text) -> Reading<std::chrono::milliseconds> {
            const auto time = parseDuration(text);
            if (!time)
              return Complaint{quote(text) + " is not a time", "write a whole number and its unit, ms, s, m, h or d, as in 30s"};
            if (zero == Zero::allowed && time->count() == 0) return *time;
            if (*time < least || *time > most) return Complaint{text + " is out of bounds", "write a time of " + bounds};
            return *time;
          },
          .write = durationText};
}

std::string listed(const std::vector<std::string>& names) {
  std::string out;
  for (std::size_t index = 0; index < names.size(); ++index) {
    if (index > 0) out += index + 1 == names.size() ? " or " : ", ";
    out += "`" + names[index] + "`";
  }
  return out;
}

Complaint notAnOption(const std::string& text, const std::vector<std::string>& names,
                      const std::vector<std::string>& laterNames) {
  if (std::find(laterNames.begin(), laterNames.end(), text) != laterNames.end()) {
    return {quote(text) + " is not in this version", "use " + listed(names)};
  }
  if (const auto meant = base::nearest(text, names)) return {quote(text) + " is unknown", "did you mean `" + *meant + "`?"};
  return {quote(text) + " is unknown", "use " + listed(names)};
}

}  // namespace spheregate::config
