#pragma once

#include <memory>

#include "spheregate/checkup/finding.hpp"
#include "spheregate/checkup/subject.hpp"

namespace spheregate::checkup {

struct Examined {
  Findings findings;
  // Something did not end in time, a name server for example, and its thread still runs: end the process without waiting for it.
  bool unfinished = false;
};

// Looks at everything the configuration names, all at once, each part for a few seconds at most; in a fixed order. Blocks; changes
// nothing but a file of its own that it writes and removes in the store's directory.
Examined examine(std::shared_ptr<const Subject> subject);

// The item `files` alone: whether the daemon can read what the configuration names. Blocks for as long as the files do.
Findings examineFiles(const Subject& subject);

}  // namespace spheregate::checkup
