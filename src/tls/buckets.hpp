#pragma once

#include <cstdint>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "spheregate/base/clock.hpp"

namespace spheregate::tls {

// A token bucket for each key: so much a second, and a burst. Remembers a bounded number of keys and forgets the one that was not
// asked for longest.
class Buckets {
 public:
  Buckets(double perSecond, double burst, std::size_t keysMax) : perSecond_{perSecond}, burst_{burst}, keysMax_{keysMax} {}

  // How many were refused since the last that was allowed, when this one is; nothing when it is refused too.
  std::optional<std::uint64_t> take(std::string_view key, base::MonoTime now);
  // Counts some that were allowed as refused after all.
  void count(std::string_view key, std::uint64_t refused);
  std::size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    std::string key;
    double tokens;
    base::MonoTime at;
    std::uint64_t refused = 0;
  };
  Entry& entry(std::string_view key, base::MonoTime now);

  double perSecond_;
  double burst_;
  std::size_t keysMax_;
  std::list<Entry> entries_;  // the most recent first
  std::unordered_map<std::string_view, std::list<Entry>::iterator> places_;
};

}  // namespace spheregate::tls
