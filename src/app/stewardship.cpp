#include "stewardship.hpp"

#include <string>

#include "iso_time.hpp"
#include "spheregate/app/version.hpp"

namespace spheregate::app {
namespace {

// The worst first: nothing is kept, then nothing gets through, then one device does not.
std::string lastError(const StewardParts& parts) {
  if (!parts.custody.isOpen()) return "the store is closed: " + std::string{parts.custody.closedReason()};
  if (!parts.store.usable()) return std::string{parts.store.fault()};
  for (std::size_t number = 0; number < parts.custody.deviceCount(); ++number) {
    const auto device = static_cast<queue::DeviceKey>(number);
    const auto link = parts.uplink.linkState(device);
    if (!link.lastError.empty()) return std::string{parts.custody.id(device)} + ": " + std::string{link.lastError};
  }
  return {};
}

steward::Health healthOf(const StewardParts& parts, const std::string& startedAt) {
  return {.version = kVersion,
          .startedAt = startedAt,
          .devicesConnected = parts.front.devicesConnected(),
          .queueMessages = parts.custody.queuedMessages(),
          .queueBytes = parts.custody.diskBytes(),
          .lastError = lastError(parts)};
}

}  // namespace

steward::Configured configuredBy(const config::Config& config) {
  return {.logLevel = config.logLevel,
          .messageTtl = std::chrono::duration_cast<std::chrono::seconds>(config.queue.messageTtl),
          .drainRate = config.upstream.drainPerSecond};
}

std::unique_ptr<steward::Steward> makeSteward(const StewardParts& parts) {
  steward::Controls controls{.denyList =
                                 [parts](const std::vector<std::string>& ids) {
                                   parts.admission.denyAlso(ids);
                                   parts.front.endDenied(ids);
                                 },
                             .logLevel = [parts](base::LogLevel level) { parts.log.configure(level); },
                             .messageTtl = [parts](std::chrono::seconds ttl) { parts.custody.setMessageTtl(ttl); },
                             .drainRate = [parts](double perSecond) { parts.uplink.setDrainRate(perSecond); }};
  return std::make_unique<steward::Steward>(
      parts.gateway, parts.store, parts.timers,
      configuredBy(parts.config), std::move(controls), [parts, startedAt = iso8601(parts.timers.clock().wall())] { return healthOf(parts, startedAt); });
}

}  // namespace spheregate::app
