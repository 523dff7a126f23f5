#pragma once

#include <set>
#include <string>
#include <vector>

#include "calendar.hpp"
#include "spheregate/config/config.hpp"
#include "spheregate/identity/admission.hpp"
#include "spheregate/metrics/registry.hpp"
#include "spheregate/tls/listener.hpp"

namespace spheregate::app {

// A line for each tenant CA that came, and for each that went.
void tellTrustChanges(const std::vector<identity::TenantCa>& before, const std::vector<identity::TenantCa>& after);

// `devices_seen_by_ca`, for as long as a CA is pinned.
class SeenByCa {
 public:
  void show(const identity::Admission& admission, metrics::Registry& metrics);

 private:
  std::set<std::string> shown_;
};

// Everything the gateway needs that comes to an end by the calendar: what it shows, whom it trusts, and how it logs in.
std::vector<Dated> datesOf(const config::Config& inForce, const tls::Listener& listener, const identity::Admission& admission);

}  // namespace spheregate::app
