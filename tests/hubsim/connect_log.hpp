#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

#include "hubsim/limits.hpp"
#include "spheregate/base/clock.hpp"

namespace spheregate::hubsim {

// Every CONNECT that arrived, accepted or not, so that a test can see how fast they come. The oldest are forgotten.
class ConnectLog {
 public:
  explicit ConnectLog(base::MonoTime start) : start_{start} {}

  // `result`: `accepted`, or why not.
  void add(base::MonoTime at, std::string_view clientId, std::string_view result);
  void clear();

  // JSON array, indexes from `from` on, at most `limit`.
  std::string json(std::uint64_t from, std::size_t limit) const;

 private:
  struct Entry {
    double seconds = 0;  // since the hub was made
    std::string device;
    std::string result;
  };
  base::MonoTime start_;
  std::deque<Entry> entries_;
  std::uint64_t first_ = 0;  // index of entries_.front()
};

}  // namespace spheregate::hubsim
