#pragma once

#include "spheregate/metrics/registry.hpp"
#include "spheregate/session/conversation.hpp"

namespace spheregate::relay {

// What the front counts. Every label that is known beforehand is there from the start, at 0: whoever watches a counter sees its first
// step only if it was there before.
class FrontMetrics {
 public:
  explicit FrontMetrics(metrics::Registry& registry);

  void connected(const char* result);  // or why not
  void disconnected(session::Ending ending);
  void publishRefused(const char* reason);
  void sessionRevoked(const char* result);

  metrics::Counter& subscriptionsRefused;
  metrics::Counter& publishesIgnored;
  metrics::Counter& readsRefused;
  metrics::Counter& patchesRefused;
  metrics::Counter& willsDropped;

 private:
  metrics::Registry& registry_;
};

}  // namespace spheregate::relay
