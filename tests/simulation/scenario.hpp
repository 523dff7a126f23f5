#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace spheregate::simulation {

struct Outcome {
  std::vector<std::string> broken;  // the promises that did not hold, in words; empty is good
  std::uint64_t messages = 0;
  std::uint64_t acknowledged = 0;
  std::uint64_t duplicates = 0;
  std::uint64_t kills = 0;
  std::uint64_t powerFailures = 0;
  std::uint64_t cuts = 0;
  std::uint64_t closures = 0;  // of the store, by a failed sync
  std::uint64_t poison = 0;    // dead letters on which the hub always closes
  std::uint64_t retries = 0;   // of dead letters
  std::uint64_t suspects = 0;  // and those on which it closed by chance
};

// One random history of devices, hub, network, disk and process, made from the seed alone, then healed and judged.
Outcome runScenario(std::uint64_t seed);

}  // namespace spheregate::simulation
