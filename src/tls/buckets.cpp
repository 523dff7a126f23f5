#include "buckets.hpp"

#include <algorithm>
#include <utility>

namespace spheregate::tls {

std::optional<std::uint64_t> Buckets::take(std::string_view key, base::MonoTime now) {
  Entry& bucket = entry(key, now);
  const double seconds = std::chrono::duration<double>(now - bucket.at).count();
  bucket.tokens = std::min(burst_, bucket.tokens + seconds * perSecond_);
  bucket.at = now;
  if (bucket.tokens < 1) {
    ++bucket.refused;
    return std::nullopt;
  }
  bucket.tokens -= 1;
  return std::exchange(bucket.refused, 0);
}

void Buckets::count(std::string_view key, std::uint64_t refused) {
  const auto place = places_.find(key);
  if (place != places_.end()) place->second->refused += refused;
}

Buckets::Entry& Buckets::entry(std::string_view key, base::MonoTime now) {
  const auto place = places_.find(key);
  if (place != places_.end()) {
    entries_.splice(entries_.begin(), entries_, place->second);
    return entries_.front();
  }
  if (entries_.size() >= keysMax_) {
    places_.erase(entries_.back().key);
    entries_.pop_back();
  }
  entries_.push_front({.key = std::string{key}, .tokens = burst_, .at = now});
  places_.emplace(entries_.front().key, entries_.begin());
  return entries_.front();
}

}  // namespace spheregate::tls
