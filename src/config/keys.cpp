#include "keys.hpp"

#include <algorithm>

#include "key_builders.hpp"

namespace spheregate::config {

bool needs(const Config& config, const Key& key) {
  return key.required && belongs(key, config) && (!key.needed || key.needed(config));
}

bool belongs(const Key& key, const Config& config) {
  return key.onlyWith.empty() ||
         std::find(key.onlyWith.begin(), key.onlyWith.end(), config.upstream.auth.type) != key.onlyWith.end();
}

const std::vector<Key>& keys() {
  static const std::vector<Key> table = [] {
    std::vector<Key> all;
    addDeviceKeys(all);
    addUpstreamKeys(all);
    addKeepingKeys(all);
    return all;
  }();
  return table;
}

}  // namespace spheregate::config
