#include "letter_head.hpp"

#include <charconv>

#include "record.hpp"

namespace spheregate::queue {
namespace {

void appendQuoted(std::string& out, std::string_view text) {
  constexpr std::string_view digits = "0123456789abcdef";
  out += '"';
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20) {
      out += "\\u00";
      out += digits[byte >> 4];
      out += digits[byte & 15];
      continue;
    }
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  out += '"';
}

// Reads an object of texts and whole numbers, which is all that a head has.
class HeadReader {
 public:
  explicit HeadReader(std::string_view line) : rest_{line} {}

  bool read(DeadLetter& letter) {
    if (!take('{')) return false;
    do {
      std::string key;
      if (!takeText(key) || !take(':') || !takeValue(key, letter)) return false;
    } while (take(','));
    return take('}') && rest_.empty();
  }

 private:
  bool take(char wanted) {
    while (!rest_.empty() && rest_.front() == ' ') rest_.remove_prefix(1);
    if (rest_.empty() || rest_.front() != wanted) return false;
    rest_.remove_prefix(1);
    return true;
  }

  bool takeText(std::string& text) {
    if (!take('"')) return false;
    while (!rest_.empty() && rest_.front() != '"') {
      if (rest_.front() != '\\') {
        text += rest_.front();
        rest_.remove_prefix(1);
        continue;
      }
      rest_.remove_prefix(1);
      if (!takeEscaped(text)) return false;
    }
    return take('"');
  }

  bool takeEscaped(std::string& text) {
    if (rest_.empty()) return false;
    if (rest_.front() != 'u') {
      if (rest_.front() != '"' && rest_.front() != '\\' && rest_.front() != '/') return false;
      text += rest_.front();
      rest_.remove_prefix(1);
      return true;
    }
    unsigned code = 0;
    constexpr std::size_t kEscapeBytes = 5;
    if (rest_.size() < kEscapeBytes) return false;
    const auto read = std::from_chars(rest_.data() + 1, rest_.data() + kEscapeBytes, code, 16);
    if (read.ptr != rest_.data() + kEscapeBytes || code >= 0x80) return false;
    text += static_cast<char>(code);
    rest_.remove_prefix(kEscapeBytes);
    return true;
  }

  bool takeNumber(std::uint64_t& number) {
    while (!rest_.empty() && rest_.front() == ' ') rest_.remove_prefix(1);
    const auto read = std::from_chars(rest_.data(), rest_.data() + rest_.size(), number);
    if (read.ec != std::errc{}) return false;
    rest_.remove_prefix(static_cast<std::size_t>(read.ptr - rest_.data()));
    return true;
  }

  // Later versions may have more keys.
  bool takeValue(std::string_view key, DeadLetter& letter) {
    std::string unknownText;
    std::uint64_t unknownNumber = 0;
    if (key == "accepted_ms") return takeNumber(letter.acceptedMs);
    if (key == "dead_ms") return takeNumber(letter.deadMs);
    if (key == "device") return takeText(letter.device);
    if (key == "reason") return takeText(letter.reason);
    if (key == "kind") return takeText(letter.kind);
    return takeText(unknownText) || takeNumber(unknownNumber);
  }

  std::string_view rest_;
};

}  // namespace

std::string letterHead(const DeadLetter& letter) {
  std::string head = "{\"device\":";
  appendQuoted(head, letter.device);
  head += ",\"reason\":";
  appendQuoted(head, letter.reason);
  head += ",\"kind\":";
  appendQuoted(head, letter.kind);
  head += ",\"accepted_ms\":" + std::to_string(letter.acceptedMs) + ",\"dead_ms\":" + std::to_string(letter.deadMs) + "}\n";
  return head;
}

std::optional<std::size_t> readLetterHead(std::string_view content, DeadLetter& letter) {
  const std::size_t end = content.substr(0, kLetterHeadBytesMax).find('\n');
  if (end == std::string_view::npos || !HeadReader{content.substr(0, end)}.read(letter)) return std::nullopt;
  if (letter.device.empty() || letter.device.size() > kDeviceIdBytesMax) return std::nullopt;
  return end + 1;
}

}  // namespace spheregate::queue
