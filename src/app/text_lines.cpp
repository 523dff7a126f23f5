#include "text_lines.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <string_view>

#include "spheregate/base/log.hpp"
#include "spheregate/base/utf8.hpp"
#include "spheregate/x509/certificate_text.hpp"

namespace spheregate::app {

using nlohmann::json;

std::string textOf(const json& object, const char* key, const std::string& otherwise) {
  const auto found = object.find(key);
  if (found == object.end() || found->is_null()) return otherwise;
  if (found->is_string()) return found->get<std::string>().empty() ? otherwise : found->get<std::string>();
  return found->dump();
}

std::string shownName(const std::string& name) {
  constexpr std::size_t kWhole = 40;
  constexpr std::size_t kBegin = 20;
  constexpr std::size_t kEnd = 8;
  std::string text = base::shortId(name);
  if (text.size() <= kWhole) return text;
  std::string_view end = text;
  while (end.size() > kEnd) end.remove_prefix(base::firstCharacter(end).bytes);
  return std::string{base::clipUtf8(text, kBegin)} + "\u2026" + std::string{end};
}

std::string nameOf(const json& device, const char* key) { return textOf(device, "alias", shownName(textOf(device, key))); }

void line(std::string& out, const std::string& name, const std::string& value) {
  constexpr std::size_t kNames = 16;
  out += name + std::string(kNames - std::min(kNames, name.size()), ' ') + value + "\n";
}

std::string counted(std::uint64_t count, const std::string& what) { return std::to_string(count) + " " + what + (count == 1 ? "" : "s"); }

std::string shortIdsIn(const std::string& text) {
  constexpr std::size_t kLong = 64;  // digits: a Sphere device's id has 128, a SHA-256 is worth no less
  constexpr const char* kDigits = "0123456789abcdefABCDEF";
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find_first_not_of(kDigits, at), text.size());
    const std::string run = text.substr(at, end - at);
    out += run.size() > kLong ? base::shortId(run) : run;
    if (end < text.size()) out += text[end];
    at = end + 1;
  }
  return out;
}

std::string bytesText(std::uint64_t bytes) {
  constexpr std::array kUnits{"KiB", "MiB", "GiB", "TiB"};
  constexpr double kStep = 1024;
  if (bytes < 1024) return std::to_string(bytes) + " bytes";
  double amount = static_cast<double>(bytes) / kStep;
  std::size_t unit = 0;
  for (; amount >= kStep && unit + 1 < kUnits.size(); ++unit) amount /= kStep;
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.1f %s", amount, kUnits[unit]);
  return text.data();
}

std::string ageText(double seconds) { return x509::spanText(static_cast<std::int64_t>(std::max(0.0, seconds))); }

}  // namespace spheregate::app
