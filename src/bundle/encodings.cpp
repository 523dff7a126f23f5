#include "encodings.hpp"

#include <algorithm>
#include <cctype>

#include "spheregate/hub/base64.hpp"

namespace spheregate::bundle {
namespace {

// A shorter piece of base64 is found by chance in honest text.
constexpr std::size_t kPieceMin = 8;

std::string hexOf(std::string_view bytes, std::string_view digits) {
  std::string text;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    text += digits[byte >> 4];
    text += digits[byte & 15];
  }
  return text;
}

std::string percentOf(std::string_view bytes, std::string_view digits) {
  constexpr std::string_view plain = "-._~";
  std::string text;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) != 0 || plain.find(c) != std::string_view::npos) {
      text += c;
      continue;
    }
    text += '%';
    text += digits[byte >> 4];
    text += digits[byte & 15];
  }
  return text;
}

std::string escaped(std::string_view bytes) {
  std::string text;
  for (const char c : bytes) {
    if (c == '"' || c == '\\') text += '\\';
    text += c;
  }
  return text;
}

// What of the base64 depends on these bytes alone, when so many bytes stand before them.
std::string pieceOf(std::string_view bytes, std::size_t before) {
  const std::string padded = std::string(before, '\0') + std::string{bytes};
  const std::string encoded = hub::base64Encode(base::asBytes(padded));
  const std::size_t begin = (before * 8 + 5) / 6;
  const std::size_t end = padded.size() * 8 / 6;
  return end > begin ? encoded.substr(begin, end - begin) : std::string{};
}

}  // namespace

std::vector<std::string> encodingsOf(std::string_view bytes) {
  constexpr std::string_view small = "0123456789abcdef";
  constexpr std::string_view large = "0123456789ABCDEF";
  std::vector<std::string> all{hexOf(bytes, small), hexOf(bytes, large), percentOf(bytes, small), percentOf(bytes, large), escaped(bytes)};
  for (std::size_t before = 0; before < 3; ++before) {
    std::string piece = pieceOf(bytes, before);
    if (piece.size() < kPieceMin) continue;
    all.push_back(piece);
    // As addresses have it.
    std::replace(piece.begin(), piece.end(), '+', '-');
    std::replace(piece.begin(), piece.end(), '/', '_');
    all.push_back(std::move(piece));
  }
  return all;
}

}  // namespace spheregate::bundle
