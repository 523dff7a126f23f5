#pragma once

#include <chrono>
#include <cstddef>
#include <filesystem>

#include "pki/authorities.hpp"

namespace spheregate::testpki {

struct Options {
  std::filesystem::path directory;
  std::size_t devices = 4;
  std::chrono::minutes issuedAgo{5};
  std::chrono::hours validFor{24};
  bool sharedKey = false;  // one key for all devices; their ids are then made up
};

// Everything a gateway, a simulated hub and their devices need, as files. Keys have mode 0600.
void writePki(const Options& options);

}  // namespace spheregate::testpki
