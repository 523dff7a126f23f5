#include "admission_metrics.hpp"

#include <limits>

namespace spheregate::identity {

AdmissionMetrics::AdmissionMetrics(metrics::Registry& metrics)
    : checked{metrics.counter("device_certificates_checked_total",
                              "Device certificates whose signature was checked; one that is refused again within a minute is not.")},
      admittedInGrace{metrics.counter("devices_admitted_in_grace_total",
                                      "Devices that were let in with a certificate that has expired, by devices.expired_grace.")},
      registry_{metrics} {}

void AdmissionMetrics::show(const std::vector<TenantCa>& tenantCas, const std::vector<Crl>& crls) {
  for (const auto& [name, gauge] : shown_) gauge->set(std::numeric_limits<double>::quiet_NaN());
  for (const TenantCa& ca : tenantCas) {
    set("certificate_expiry_timestamp_seconds", "When a certificate expires, in Unix time.", {{"certificate", ca.sha256}},
        static_cast<double>(ca.notAfterSeconds));
    set("tenant_ca_devices", "Devices whose latest valid certificate was issued by this tenant CA.", {{"certificate", ca.sha256}},
        static_cast<double>(ca.devicesSeen));
  }
  for (const Crl& crl : crls) {
    if (crl.nextUpdateSeconds == 0) continue;
    set("crl_next_update_timestamp_seconds", "When the next revocation list of a tenant CA is due, in Unix time; it is stale after that.",
        {{"certificate", crl.caSha256}, {"file", crl.file}}, static_cast<double>(crl.nextUpdateSeconds));
  }
}

void AdmissionMetrics::set(const char* name, const char* help, const metrics::Labels& labels, double value) {
  metrics::Gauge& gauge = registry_.gauge(name, help, labels);
  gauge.set(value);
  std::string key = name;
  for (const auto& [label, text] : labels) key += "\n" + text;
  shown_[key] = &gauge;
}

}  // namespace spheregate::identity
