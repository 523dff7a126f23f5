#include "segments.hpp"

#include <algorithm>
#include <charconv>
#include <string_view>
#include <utility>

namespace spheregate::queue {
namespace {

constexpr std::string_view kPrefix = "journal-";
constexpr std::string_view kSuffix = ".seg";
constexpr std::size_t kDigits = 10;

}  // namespace

Segment& Segments::begin(std::uint32_t salt) {
  active_ = ++last_;
  Segment& segment = all_[active_];
  segment.number = active_;
  segment.salt = salt;
  return segment;
}

Segment& Segments::found(std::uint32_t number, std::uint32_t salt, std::uint64_t bytes) {
  reserveNumber(number);
  Segment& segment = all_[number];
  segment.number = number;
  segment.salt = salt;
  grow(segment, bytes);
  return segment;
}

Segment* Segments::find(std::uint32_t number) {
  const auto entry = all_.find(number);
  return entry == all_.end() ? nullptr : &entry->second;
}

void Segments::grow(Segment& segment, std::uint64_t bytes) {
  segment.bytes += bytes;
  segmentBytes_ += bytes;
}

void Segments::removed(std::uint32_t number) {
  const auto entry = all_.find(number);
  if (entry == all_.end()) return;
  segmentBytes_ -= entry->second.bytes;
  all_.erase(entry);
  for (auto& other : all_) other.second.speaksFor.erase(number);
}

// Whoever spoke for it speaks for those that it spoke for.
void Segments::rescued(std::uint32_t number) {
  Segment* gone = find(number);
  if (gone == nullptr) return;
  gone->rescued = true;
  const std::set<std::uint32_t> inherited = std::exchange(gone->speaksFor, {});
  for (auto& entry : all_) {
    Segment& other = entry.second;
    if (&other != gone && (other.number == active_ || other.speaksFor.contains(number))) {
      other.speaksFor.insert(inherited.begin(), inherited.end());
    }
    other.speaksFor.erase(other.number);
  }
}

void Segments::reserveNumber(std::uint32_t number) { last_ = std::max(last_, number); }

std::string segmentName(std::uint32_t number) {
  std::string digits = std::to_string(number);
  digits.insert(0, kDigits - digits.size(), '0');
  return std::string{kPrefix} + digits + std::string{kSuffix};
}

std::uint32_t segmentNumber(const std::string& name) {
  if (name.size() != kPrefix.size() + kDigits + kSuffix.size() || !name.starts_with(kPrefix) || !name.ends_with(kSuffix)) return 0;
  std::uint32_t number = 0;
  const char* end = name.data() + kPrefix.size() + kDigits;
  const auto read = std::from_chars(name.data() + kPrefix.size(), end, number);
  return read.ec == std::errc{} && read.ptr == end ? number : 0;
}

}  // namespace spheregate::queue
