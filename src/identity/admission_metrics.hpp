#pragma once

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "spheregate/identity/admission.hpp"
#include "spheregate/metrics/registry.hpp"

namespace spheregate::identity {

// What the admission counts.
class AdmissionMetrics {
 public:
  explicit AdmissionMetrics(metrics::Registry& metrics);

  // Who was seen of each CA, and when each revocation list is due. What is no longer in use is shown no more.
  void show(const std::vector<TenantCa>& tenantCas, const std::vector<Crl>& crls);

  metrics::Counter& checked;
  metrics::Counter& admittedInGrace;

 private:
  using Shown = std::set<std::pair<std::string, metrics::Labels>>;

  void set(const char* name, const char* help, const metrics::Labels& labels, double value);

  metrics::Registry& registry_;
  Shown shown_;
};

}  // namespace spheregate::identity
