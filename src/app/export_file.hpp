#pragma once

#include <cstddef>
#include <string>

#include "queue_source.hpp"
#include "spheregate/base/result.hpp"

namespace spheregate::app {

struct Exported {
  std::size_t messages = 0;
  std::size_t letters = 0;
  std::size_t faults = 0;  // of these, entries without a readable body
};

// Writes everything that is queued, an object a line, and an object of `type` `end` as the last. The file is new, readable by its owner
// alone, and gone again when something goes wrong. `-`: to stdout.
base::Explained<Exported> writeExport(QueueSource& source, const std::string& file);

}  // namespace spheregate::app
