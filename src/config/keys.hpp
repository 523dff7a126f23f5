#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "complaint.hpp"
#include "spheregate/config/config.hpp"

namespace spheregate::config {

// A key that this version reads. Parser, `show` and the tests of the documentation all go by the one table of these.
struct Key {
  std::string path;   // dotted
  std::string words;  // what may stand there
  bool required = false;
  bool plain = false;  // its value is a number, or true or false
  bool secret = false;  // its value names a file with a secret in it
  bool live = false;  // a change takes effect at once; that of any other key at the next start
  // When a required key is needed, where that depends on others. Empty: always.
  std::function<bool(const Config& config)> needed;
  // The key belongs to these types of upstream.auth, and only there may it be given and be required. Empty: to all.
  std::vector<upstream::AuthType> onlyWith;
  std::function<std::optional<Complaint>(const std::string& text, Config& config)> read;
  std::function<std::string(const Config& config)> write;  // as a YAML scalar, or as a map in one line
  // Set where a map of names may stand. What its entries mean is judged when the whole file has been read.
  bool isMap = false;
};

// Whether the key belongs to the type of `upstream.auth` that the configuration has.
bool belongs(const Key& key, const Config& config);

// Whether the configuration cannot do without the key.
bool needs(const Config& config, const Key& key);

// In the order in which people read them.
const std::vector<Key>& keys();

}  // namespace spheregate::config
