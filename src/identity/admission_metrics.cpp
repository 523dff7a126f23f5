#include "admission_metrics.hpp"

namespace spheregate::identity {

AdmissionMetrics::AdmissionMetrics(metrics::Registry& metrics)
    : checked{metrics.counter("device_certificates_checked_total",
                              "Device certificates whose signature was checked; one that is refused again within a minute is not.")},
      admittedInGrace{metrics.counter("devices_admitted_in_grace_total",
                                      "Devices that were let in with a certificate that has expired, by devices.expired_grace.")},
      registry_{metrics} {}

void AdmissionMetrics::show(const std::vector<TenantCa>& tenantCas, const std::vector<Crl>& crls) {
  const Shown before = std::exchange(shown_, {});
  for (const TenantCa& ca : tenantCas) {
    set("devices_seen_by_ca", "Devices whose latest valid certificate is of this tenant CA, by its SHA-256.", {{"ca", ca.sha256}},
        static_cast<double>(ca.devicesSeen));
  }
  for (const Crl& crl : crls) {
    if (crl.nextUpdateSeconds == 0) continue;
    set("crl_next_update_timestamp_seconds", "When the next revocation list of a tenant CA is due, in Unix time; it is stale after that.",
        {{"certificate", crl.caSha256}, {"file", crl.file}}, static_cast<double>(crl.nextUpdateSeconds));
  }
  for (const auto& [name, labels] : before) {
    if (!shown_.contains({name, labels})) registry_.withdrawGauge(name, labels);
  }
}

void AdmissionMetrics::set(const char* name, const char* help, const metrics::Labels& labels, double value) {
  registry_.gauge(name, help, labels).set(value);
  shown_.emplace(name, labels);
}

}  // namespace spheregate::identity
