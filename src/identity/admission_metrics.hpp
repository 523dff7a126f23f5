#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "spheregate/identity/admission.hpp"
#include "spheregate/metrics/registry.hpp"

namespace spheregate::identity {

// What the admission counts and shows.
class AdmissionMetrics {
 public:
  explicit AdmissionMetrics(metrics::Registry& metrics);

  // When each certificate and list expires. What is no longer in use becomes NaN, which no alert compares with.
  void show(const std::vector<TenantCa>& tenantCas);

  metrics::Counter& admittedInGrace;

 private:
  metrics::Registry& registry_;
  std::unordered_map<std::string, metrics::Gauge*> expiries_;
};

}  // namespace spheregate::identity
