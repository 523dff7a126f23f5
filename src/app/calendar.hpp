#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "spheregate/base/timers.hpp"
#include "spheregate/metrics/registry.hpp"

namespace spheregate::app {

// Something that is good until a day, and somebody has to act before.
struct Dated {
  std::string label;  // of the metric: server, the SHA-256 of a CA, …
  std::string what;   // server certificate, tenant CA, revocation list, …
  std::string name;   // of the subject or issuer
  std::string file;
  std::int64_t beginsSeconds = 0;  // Unix time
  std::int64_t endsSeconds = 0;
  std::string fix;    // a sentence: what to do before it ends
};

// Looks every hour at everything that has an end, keeps `certificate_expiry_timestamp_seconds` true, and warns once each when 120, 90, 30
// and 7 days are left, then every day after the end. A day that comes in the first half of a life is none to warn of: a certificate of 90
// days is renewed every 60. Core thread only.
class Calendar {
 public:
  using Entries = std::function<std::vector<Dated>()>;

  Calendar(base::Timers& timers, metrics::Registry& metrics, Entries entries);
  // At once, and every hour from now on. Whoever changes a certificate calls it.
  void look();
  // What was found at the last look.
  const std::vector<Dated>& entries() const { return dated_; }

 private:
  struct Warned {
    std::int64_t daysLeft = 0;     // the smallest of the marks that were told; 0: its end
    std::int64_t atSeconds = 0;    // when the end was told last
    bool early = false;            // that it is not valid yet
  };
  void consider(const Dated& entry, std::int64_t now, Warned& warned) const;

  metrics::Registry& metrics_;
  base::Timers& timers_;
  Entries entries_;
  std::vector<Dated> dated_;
  std::map<std::string, Warned> warned_;  // by label and end
  std::set<std::string> shown_;           // labels of the metric
  base::Timer timer_;
};

}  // namespace spheregate::app
