#include "spheregate/bundle/redactor.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "encodings.hpp"
#include "spheregate/hub/base64.hpp"
#include "suspects.hpp"

namespace spheregate::bundle {
namespace {

constexpr std::size_t kSecretMin = 4;
constexpr std::size_t kIndexed = 8;
constexpr std::size_t kKeyBytesMin = 16;
constexpr std::size_t kKeyTextMin = 16;

std::uint64_t firstBytes(std::string_view text) {
  std::uint64_t bytes = 0;
  std::memcpy(&bytes, text.data(), kIndexed);
  return bytes;
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view blanks = " \t\r\n\"'";
  const std::size_t begin = text.find_first_not_of(blanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(blanks) - begin + 1);
}

}  // namespace

void Redactor::addNeedle(std::string needle) {
  std::vector<std::string>& place = needle.size() < kIndexed ? shortNeedles_ : needles_[firstBytes(needle)];
  if (place.empty() || place.back() != needle) place.push_back(std::move(needle));
}

void Redactor::hide(std::string_view secret) {
  if (secret.size() < kSecretMin) return;
  addNeedle(std::string{secret});
  for (std::string& form : encodingsOf(secret)) {
    if (form != secret) addNeedle(std::move(form));
  }
  const auto decoded = hub::base64Decode(secret);
  if (!decoded || decoded->size() < kKeyBytesMin) return;
  const std::string_view raw = base::asText(*decoded);
  addNeedle(std::string{raw});
  for (std::string& form : encodingsOf(raw)) addNeedle(std::move(form));
}

void Redactor::hideFile(std::string_view content) {
  hide(trimmed(content));
  while (!content.empty()) {
    const std::size_t end = std::min(content.find('\n'), content.size());
    const std::string_view line = trimmed(content.substr(0, end));
    content.remove_prefix(std::min(content.size(), end + 1));
    // Titles of PEM are everybody's.
    if (line.starts_with("-----")) continue;
    bool divided = false;
    for (const std::string_view mark : {std::string_view{","}, std::string_view{": "}, std::string_view{"SharedAccessKey="}}) {
      const std::size_t at = line.rfind(mark);
      const std::string_view value = at == std::string_view::npos ? std::string_view{} : line.substr(at + mark.size());
      const std::string_view key = trimmed(value.substr(0, value.find(';')));
      // Anything shorter is a part of a password.
      if (key.size() < kKeyTextMin) continue;
      divided = true;
      hide(key);
    }
    if (!divided) hide(line);
  }
}

// How long the longest needle at this place is; 0 when there is none.
std::size_t Redactor::needleAt(std::string_view text, std::size_t at) const {
  const std::string_view rest = text.substr(at);
  std::size_t longest = 0;
  const auto look = [&](const std::vector<std::string>& needles) {
    for (const std::string& needle : needles) {
      if (needle.size() > longest && rest.starts_with(needle)) longest = needle.size();
    }
  };
  const auto place = rest.size() >= kIndexed ? needles_.find(firstBytes(rest)) : needles_.end();
  if (place != needles_.end()) look(place->second);
  look(shortNeedles_);
  return longest;
}

std::string Redactor::withoutNeedles(std::string_view text) const {
  std::string out;
  out.reserve(text.size());
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t length = needleAt(text, at);
    if (length == 0) {
      out += text[at++];
      continue;
    }
    out += kRedacted;
    at += length;
  }
  return out;
}

std::string Redactor::clean(std::string_view text) const { return withoutSuspects(withoutNeedles(text)); }

}  // namespace spheregate::bundle
