#pragma once

#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace spheregate::ops {

// A directory from which the change of a watched place can be seen.
struct Lookout {
  bool inside = false;           // what happens in it counts, not only what happens to it
  bool everyName = false;        // inside: whatever the name
  std::set<std::string> names;   // inside: these names
};

using Lookouts = std::map<std::filesystem::path, Lookout>;

// Walks to each place as the kernel does and names every directory on the way: that of the place, those that hold a link which is
// followed, those of what the link points to, and where the way ends because the next part is not there yet. A place that is a
// directory stands for what is in it. At most a thousand directories.
Lookouts lookoutsFor(const std::vector<std::filesystem::path>& places);

}  // namespace spheregate::ops
