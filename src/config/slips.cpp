#include "slips.hpp"

#include <algorithm>
#include <optional>

namespace spheregate::config {
namespace {

constexpr std::string_view kBlank = " \t\r";
constexpr std::string_view kBeforeAQuote = " \t[{,";
constexpr std::size_t kKeyBytesMax = 64;

bool ofAKey(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; }

// The key of `key:value`. What has `//` there is a URL.
std::string_view keyWithoutSpace(std::string_view text) {
  const auto end = static_cast<std::size_t>(std::find_if_not(text.begin(), text.end(), ofAKey) - text.begin());
  if (end == 0 || end > kKeyBytesMax || end + 1 >= text.size() || text[end] != ':') return {};
  const std::string_view value = text.substr(end + 1);
  return kBlank.find(value.front()) != std::string_view::npos || value.starts_with("//") ? std::string_view{}
                                                                                         : text.substr(0, end);
}

// Where the quoted text that begins at `at` has its other quote. In '...' a quote is written twice, in "..." after a backslash.
std::size_t closing(std::string_view text, std::size_t at) {
  const char quote = text[at];
  for (++at; at < text.size(); ++at) {
    if (quote == '"' && text[at] == '\\') {
      ++at;
    } else if (text[at] == quote) {
      if (quote == '"' || text.substr(at + 1, 1) != "'") return at;
      ++at;
    }
  }
  return std::string_view::npos;
}

// A quote within a word, as in don't, is no more than a character; so is everything in a comment.
std::optional<char> openQuote(std::string_view text) {
  for (std::size_t at = 0; at < text.size(); ++at) {
    const bool begins = at == 0 || kBeforeAQuote.find(text[at - 1]) != std::string_view::npos;
    if (!begins) continue;
    if (text[at] == '#') return std::nullopt;
    if (text[at] != '"' && text[at] != '\'') continue;
    const std::size_t end = closing(text, at);
    if (end == std::string_view::npos) return text[at];
    at = end;
  }
  return std::nullopt;
}

std::string slipOf(std::string_view line, const std::string& number) {
  const std::size_t indentation = std::min(line.find_first_not_of(kBlank), line.size());
  const std::string_view text = line.substr(indentation);
  if (text.empty() || text.front() == '#') return {};
  if (line.substr(0, indentation).find('\t') != std::string_view::npos) {
    return "line " + number + " is indented with a tab, which YAML does not take; use spaces";
  }
  if (const std::string_view key = keyWithoutSpace(text); !key.empty()) {
    const std::string name{key};
    return "in line " + number + " there is no space after `" + name + ":`; write `" + name + ": ` and then the value";
  }
  if (const auto quote = openQuote(text))
    return "in line " + number + " a quote (" + *quote + ") is opened and not closed; close it";
  return {};
}

}  // namespace

std::string likelySlip(std::string_view yaml, int lastLine) {
  for (int number = 1; number <= lastLine && !yaml.empty(); ++number) {
    const std::size_t end = std::min(yaml.find('\n'), yaml.size());
    if (std::string slip = slipOf(yaml.substr(0, end), std::to_string(number)); !slip.empty()) return slip;
    yaml.remove_prefix(std::min(end + 1, yaml.size()));
  }
  return {};
}

}  // namespace spheregate::config
