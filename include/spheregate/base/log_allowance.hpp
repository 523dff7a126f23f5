#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "spheregate/base/clock.hpp"

namespace spheregate::base {

// What a LogGate is for one event, for each of many names: a small burst of lines, then one in a while with a count. When as many
// names as it remembers are all busy, further ones get no line at all, so the log is bounded whoever comes.
class LogAllowance {
 public:
  LogAllowance(unsigned burst, Duration quiet, std::size_t namesMax) : ahead_{quiet * (burst - 1)}, quiet_{quiet}, namesMax_{namesMax} {}

  // How many lines of this name were kept quiet before this one, when this one may be logged; nothing when it should be quiet too.
  std::optional<std::uint64_t> pass(std::string_view name, MonoTime now);

 private:
  struct Entry {
    std::string name;
    MonoTime restedAt;  // when its whole burst is there again
    std::uint64_t suppressed = 0;
  };
  Entry* entry(std::string_view name, MonoTime now);

  Duration ahead_;
  Duration quiet_;
  std::size_t namesMax_;
  std::list<Entry> entries_;  // the most recent first
  std::unordered_map<std::string_view, std::list<Entry>::iterator> places_;  // views into the entries
};

}  // namespace spheregate::base
