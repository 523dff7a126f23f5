#pragma once

#include <string>
#include <vector>

#include "spheregate/config/config.hpp"

namespace spheregate::config {

// A key whose value in effect is another.
struct Change {
  std::string key;    // dotted path
  bool live = false;  // takes effect without a restart
  bool operator==(const Change&) const = default;
};

// In the order of the table of keys. What stands in the files that keys name is not looked at.
std::vector<Change> changes(const Config& before, const Config& after);

}  // namespace spheregate::config
