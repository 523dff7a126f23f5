#include "hubsim/connect_log.hpp"

#include <algorithm>
#include <chrono>

#include "hubsim/json_text.hpp"

namespace spheregate::hubsim {

void ConnectLog::add(base::MonoTime at, std::string_view clientId, std::string_view result) {
  entries_.push_back({std::chrono::duration<double>(at - start_).count(), std::string{clientId.substr(0, kLoggedIdBytesMax)},
                      std::string{result}});
  if (entries_.size() <= kLoggedConnectsMax) return;
  entries_.pop_front();
  ++first_;
}

void ConnectLog::clear() {
  entries_.clear();
  first_ = 0;
}

std::string ConnectLog::json(std::uint64_t from, std::size_t limit) const {
  std::string out = "[";
  const std::uint64_t end = first_ + entries_.size();
  std::size_t written = 0;
  for (std::uint64_t index = std::max(from, first_); index < end && written < limit; ++index) {
    const Entry& entry = entries_[static_cast<std::size_t>(index - first_)];
    if (written++ > 0) out += ",\n";
    out += dumped({{"index", index}, {"seconds", entry.seconds}, {"device", entry.device}, {"result", entry.result}});
  }
  return out += "]\n";
}

}  // namespace spheregate::hubsim
