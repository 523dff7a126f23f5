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

  // When each CA expires and each revocation list is due, and who was seen of each CA. What is no longer in use becomes NaN, which no alert
  // compares with.
  void show(const std::vector<TenantCa>& tenantCas, const std::vector<Crl>& crls);

  metrics::Counter& checked;
  metrics::Counter& admittedInGrace;

 private:
  void set(const char* name, const char* help, const metrics::Labels& labels, double value);

  metrics::Registry& registry_;
  std::unordered_map<std::string, metrics::Gauge*> shown_;
};

}  // namespace spheregate::identity
