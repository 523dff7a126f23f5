#include "admission_metrics.hpp"

#include <limits>

namespace spheregate::identity {

AdmissionMetrics::AdmissionMetrics(metrics::Registry& metrics)
    : admittedInGrace{metrics.counter("devices_admitted_in_grace_total",
                                      "Devices that were let in with a certificate that has expired, by devices.expired_grace.")},
      registry_{metrics} {}

void AdmissionMetrics::show(const std::vector<TenantCa>& tenantCas) {
  for (const auto& [name, gauge] : expiries_) gauge->set(std::numeric_limits<double>::quiet_NaN());
  for (const TenantCa& ca : tenantCas) {
    metrics::Gauge& gauge = registry_.gauge("certificate_expiry_timestamp_seconds", "When a certificate expires, in Unix time.",
                                            {{"certificate", ca.sha256}});
    gauge.set(static_cast<double>(ca.notAfterSeconds));
    expiries_[ca.sha256] = &gauge;
  }
}

}  // namespace spheregate::identity
