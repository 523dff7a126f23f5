#pragma once

#include "spheregate/metrics/registry.hpp"

namespace spheregate::identity {

// What the admission counts.
class AdmissionMetrics {
 public:
  explicit AdmissionMetrics(metrics::Registry& metrics);

  metrics::Counter& checked;
  metrics::Counter& admittedInGrace;
};

}  // namespace spheregate::identity
