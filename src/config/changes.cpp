#include "spheregate/config/changes.hpp"

#include "keys.hpp"

namespace spheregate::config {

std::vector<Change> changes(const Config& before, const Config& after) {
  std::vector<Change> found;
  for (const Key& key : keys()) {
    const bool had = belongs(key, before);
    const bool has = belongs(key, after);
    if (!had && !has) continue;
    if (had != has || key.write(before) != key.write(after)) found.push_back({.key = key.path, .live = key.live});
  }
  return found;
}

}  // namespace spheregate::config
