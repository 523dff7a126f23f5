#include "admission_metrics.hpp"

namespace spheregate::identity {

AdmissionMetrics::AdmissionMetrics(metrics::Registry& metrics)
    : admittedInGrace{metrics.counter("devices_admitted_in_grace_total",
                                      "Devices that were let in with a certificate that has expired, by devices.expired_grace.")} {}

}  // namespace spheregate::identity
