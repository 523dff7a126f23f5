#pragma once

#include <vector>

namespace spheregate::metrics {

// One of Prometheus's standard process metrics; names are literals.
struct ProcessFact {
  const char* name;
  const char* help;
  bool counter;
  double value;
};

// Read from /proc at the moment of the call; what cannot be read is left out.
std::vector<ProcessFact> processFacts();

}  // namespace spheregate::metrics
