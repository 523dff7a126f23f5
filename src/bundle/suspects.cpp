#include "suspects.hpp"

#include <array>
#include <cctype>
#include <optional>

namespace spheregate::bundle {
namespace {

bool letterOrDigit(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0; }
bool base64Character(char c) { return letterOrDigit(c) || c == '+' || c == '/'; }
bool tokenCharacter(char c) { return letterOrDigit(c) || c == '-' || c == '_'; }
bool space(char c) { return c == ' ' || c == '\t'; }

char lower(char c) { return static_cast<char>(std::tolower(static_cast<unsigned char>(c))); }

bool startsWithIgnoringCase(std::string_view text, std::string_view word) {
  if (text.size() < word.size()) return false;
  for (std::size_t at = 0; at < word.size(); ++at) {
    if (lower(text[at]) != lower(word[at])) return false;
  }
  return true;
}

// A part of the text that has to go.
struct Part {
  std::size_t begin;
  std::size_t end;
};
using Found = std::optional<Part>;

// `-----BEGIN … PRIVATE KEY-----` up to its end, or to the end of the text where that is missing.
Found privateKey(std::string_view text, std::size_t at) {
  constexpr std::string_view begin = "-----BEGIN ";
  constexpr std::string_view words = "PRIVATE KEY-----";
  constexpr std::size_t kKindMax = 20;
  if (!text.substr(at).starts_with(begin)) return std::nullopt;
  const std::size_t title = text.find(words, at);
  if (title == std::string_view::npos || title > at + begin.size() + kKindMax) return std::nullopt;
  const std::size_t last = text.find(words, title + words.size());
  return Part{at, last == std::string_view::npos ? text.size() : last + words.size()};
}

constexpr std::array<std::string_view, 13> kNames{"SharedAccessKey", "PrimaryKey",  "SecondaryKey", "AccountKey", "sig",       "password", "passwd",
                                                  "passphrase",      "pin-value",   "pin_value",    "api_key",    "apikey",    "client_secret"};

// The value behind one of these names: `name=value`, `"name": "value"`.
Found named(std::string_view text, std::size_t at) {
  if (at > 0 && (tokenCharacter(text[at - 1]))) return std::nullopt;
  for (const std::string_view name : kNames) {
    if (!startsWithIgnoringCase(text.substr(at), name)) continue;
    std::size_t place = at + name.size();
    const auto skip = [&](auto wanted) {
      while (place < text.size() && wanted(text[place])) ++place;
    };
    const auto quote = [](char c) { return c == '"' || c == '\'' || c == '\\'; };
    skip(quote);
    skip(space);
    if (place >= text.size() || (text[place] != '=' && text[place] != ':')) continue;
    ++place;
    skip(space);
    skip(quote);
    const std::size_t end = text.find_first_of(" \t\r\n;&,\"'\\}<>", place);
    return Part{place, end == std::string_view::npos ? text.size() : end};
  }
  return std::nullopt;
}

// `Bearer …` and `Basic …`.
Found credential(std::string_view text, std::size_t at) {
  if (at > 0 && tokenCharacter(text[at - 1])) return std::nullopt;
  for (const std::string_view word : {std::string_view{"Bearer "}, std::string_view{"Basic "}}) {
    if (!startsWithIgnoringCase(text.substr(at), word)) continue;
    std::size_t end = at + word.size();
    while (end < text.size() && (base64Character(text[end]) || tokenCharacter(text[end]) || text[end] == '.' || text[end] == '=' || text[end] == '~')) ++end;
    constexpr std::size_t kLeast = 6;
    if (end - at - word.size() >= kLeast) return Part{at + word.size(), end};
  }
  return std::nullopt;
}

// `://user:password@`.
Found password(std::string_view text, std::size_t at) {
  if (!text.substr(at).starts_with("://")) return std::nullopt;
  const std::size_t begin = at + 3;
  const std::size_t end = text.find_first_of("/ \t\r\n\"'<>", begin);
  const std::string_view authority = text.substr(begin, end == std::string_view::npos ? std::string_view::npos : end - begin);
  const std::size_t sign = authority.rfind('@');
  const std::size_t colon = authority.find(':');
  if (sign == std::string_view::npos || colon == std::string_view::npos || colon > sign) return std::nullopt;
  return Part{begin + colon + 1, begin + sign};
}

Found webToken(std::string_view text, std::size_t at) {
  if (!text.substr(at).starts_with("eyJ") || (at > 0 && tokenCharacter(text[at - 1]))) return std::nullopt;
  std::size_t end = at;
  std::size_t dots = 0;
  while (end < text.size() && (tokenCharacter(text[end]) || text[end] == '.')) dots += text[end++] == '.' ? 1 : 0;
  if (dots < 2 || end - at < 30) return std::nullopt;
  return Part{at, end};
}

// A word of base64 that ends as 32 or 64 bytes do: a symmetric key of IoT Hub.
Found key(std::string_view text, std::size_t at) {
  if (!base64Character(text[at]) || (at > 0 && (base64Character(text[at - 1])))) return std::nullopt;
  std::size_t end = at;
  while (end < text.size() && base64Character(text[end])) ++end;
  const std::size_t digits = end - at;
  while (end < text.size() && text[end] == '=') ++end;
  const std::size_t padding = end - at - digits;
  const bool bytes32 = digits == 43 && padding == 1;
  const bool bytes64 = digits == 86 && padding == 2;
  if (!bytes32 && !bytes64) return std::nullopt;
  return Part{at, end};
}

Found suspect(std::string_view text, std::size_t at) {
  switch (text[at]) {
    case '-': return privateKey(text, at);
    case ':': return password(text, at);
    default: break;
  }
  if (auto found = named(text, at)) return found;
  if (auto found = credential(text, at)) return found;
  if (auto found = webToken(text, at)) return found;
  return key(text, at);
}

}  // namespace

std::string withoutSuspects(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  std::size_t at = 0;
  while (at < text.size()) {
    const Found found = suspect(text, at);
    if (!found || found->end <= found->begin) {
      out += text[at++];
      continue;
    }
    out += text.substr(at, found->begin - at);
    out += kRedacted;
    at = found->end;
  }
  return out;
}

}  // namespace spheregate::bundle
