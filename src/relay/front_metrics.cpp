#include "front_metrics.hpp"

namespace spheregate::relay {
namespace {

using session::Ending;

struct Family {
  const char* name;
  const char* help;
  const char* label;
};

constexpr Family kConnections{"device_connections_total", "CONNECTs of devices by result.", "result"};
constexpr Family kDisconnections{"device_disconnections_total", "Ends of connections that had passed TLS.", "reason"};
constexpr Family kPublishesRefused{"publishes_refused_total", "Publishes for which a device's connection was closed.", "reason"};
constexpr Family kRevoked{"device_sessions_revoked_total", "Sessions ended because their device is not welcome any more.", "result"};

constexpr const char* kConnectResults[]{"ok", "store_closed", "client_id_mismatch", "client_id_case", "username_mismatch", "username_case",
                                        "username_without_device", "bad_username", "other_hub", "auth_chain", "bad_will",
                                        "too_many_unfinished", "lost", "disconnected", "protocol_error", "protocol_version", "connect_timeout"};
constexpr Ending kEndings[]{Ending::disconnected, Ending::lost, Ending::protocolError, Ending::protocolVersion, Ending::keepAliveExpired,
                            Ending::connectTimedOut, Ending::refused, Ending::forbidden, Ending::tooSlow, Ending::takenOver, Ending::shutDown};
constexpr const char* kPublishFaults[]{"other_device", "topic_case", "unknown_topic", "too_large", "topic_too_long", "forged_origin",
                                       "unreadable_properties"};
constexpr const char* kUnwelcome[]{"denied", "not_allowed", "revoked", "unknown_ca", "expired", "ca_expired"};

metrics::Counter& counter(metrics::Registry& registry, const Family& family, const char* value) {
  return registry.counter(family.name, family.help, {{family.label, value}});
}

}  // namespace

FrontMetrics::FrontMetrics(metrics::Registry& registry)
    : subscriptionsRefused{registry.counter("subscriptions_refused_total", "Topic filters answered with 0x80.")},
      publishesIgnored{registry.counter("publishes_ignored_total", "Twin requests and answers to methods, in upstream.mode: shared.")},
      readsRefused{registry.counter("twin_reads_refused_total", "Twin reads with a request id that is too long; they get no answer.")},
      patchesRefused{registry.counter("twin_patches_refused_total", "Patches of reported properties answered with 400.")},
      willsDropped{registry.counter("wills_dropped_total", "Wills that were too large to be published.")},
      registry_{registry} {
  for (const char* result : kConnectResults) counter(registry, kConnections, result);
  for (const Ending ending : kEndings) counter(registry, kDisconnections, label(ending));
  for (const char* reason : kPublishFaults) counter(registry, kPublishesRefused, reason);
  for (const char* result : kUnwelcome) counter(registry, kRevoked, result);
}

void FrontMetrics::connected(const char* result) { counter(registry_, kConnections, result).add(); }

void FrontMetrics::disconnected(Ending ending) { counter(registry_, kDisconnections, label(ending)).add(); }

void FrontMetrics::publishRefused(const char* reason) { counter(registry_, kPublishesRefused, reason).add(); }

void FrontMetrics::sessionRevoked(const char* result) { counter(registry_, kRevoked, result).add(); }

}  // namespace spheregate::relay
