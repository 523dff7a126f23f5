#include "device_queue.hpp"

namespace spheregate::queue {

std::optional<Sequence> DeviceQueue::find(std::uint64_t ordinal) const {
  std::size_t low = 0;
  std::size_t high = entries.size();
  while (low < high) {
    const std::size_t middle = low + (high - low) / 2;
    // Messages that left without being stored have no ordinal; what lies behind them decides.
    std::size_t probe = middle;
    while (probe < high && entries[probe].ordinal == 0) ++probe;
    if (probe == high || entries[probe].ordinal >= ordinal)
      high = middle;
    else
      low = probe + 1;
  }
  while (low < entries.size() && entries[low].ordinal == 0) ++low;
  if (low == entries.size() || entries[low].ordinal != ordinal) return std::nullopt;
  return first + low;
}

}  // namespace spheregate::queue
