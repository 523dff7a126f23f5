#include "admission_metrics.hpp"

namespace spheregate::identity {

AdmissionMetrics::AdmissionMetrics(metrics::Registry& metrics)
    : checked{metrics.counter("device_certificates_checked_total",
                              "Device certificates whose signature was checked; one that was checked before is not.")},
      admittedInGrace{metrics.counter("devices_admitted_in_grace_total",
                                      "Devices that were let in with a certificate that has expired, by devices.expired_grace.")} {}

}  // namespace spheregate::identity
