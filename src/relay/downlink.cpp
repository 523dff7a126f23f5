#include "downlink.hpp"

#include <algorithm>
#include <utility>

#include "spheregate/hub/topics.hpp"

namespace spheregate::relay {
namespace {

using hub::HubTopicKind;

// The hub keeps at most 50 cloud-to-device messages of 64 KB for a device. Of a device that is slow to acknowledge no more than this
// is kept for its next connection; the rest comes again from the hub when its lock has run out.
constexpr std::size_t kCloudMessagesMax = 50;
constexpr std::size_t kCloudBytesMax = 256 * 1024;
constexpr std::size_t kMethodsMax = 64;

metrics::Counter& counter(metrics::Registry& registry, const char* kind) {
  return registry.counter("downstream_messages_total", "Messages from the hub handed to devices.", {{"kind", kind}});
}

}  // namespace

DownlinkMetrics::DownlinkMetrics(metrics::Registry& registry)
    : cloudToDevice{counter(registry, "c2d")},
      desired{counter(registry, "desired")},
      methods{counter(registry, "method")},
      twins{counter(registry, "twin")},
      undelivered{registry.counter("downstream_undelivered_total",
                                   "Messages from the hub, and replies to it, that nobody was there to take. The hub keeps what is "
                                   "cloud to device.")},
      fromCache{registry.counter("twin_reads_from_cache_total", "Twins that devices read while the hub did not answer.")} {}

// What the hub still waits for, it will send again or give up.
void Downlink::linkDown() {
  if (!line_.link.keepsCloudMessages()) cloudMessages_.clear();
  methods_.clear();
  reads_.linkDown();
  patches_.linkDown();
}

void Downlink::message(const mqtt::Publish& message) {
  const hub::HubTopic topic = hub::classifyFromHub(message.topic, line_.id);
  if (topic.kind == HubTopicKind::cloudToDevice) return cloudToDevice(message);
  // The hub does not repeat these, so its own acknowledgement need not wait for the device's.
  if (message.qos == 1) line_.link.acknowledge(line_.link.epoch(), message.packetId);
  switch (topic.kind) {
    case HubTopicKind::twinResponse: return twinResponse(topic, message);
    case HubTopicKind::desiredProperties: return reads_.desired(topic, message);
    case HubTopicKind::method: return method(topic, message);
    default: line_.metrics.undelivered.add();
  }
}

void Downlink::method(const hub::HubTopic& topic, const mqtt::Publish& message) {
  if (line_.devices.deliver(line_.device, message, 0) != Delivery::sent) return line_.metrics.undelivered.add();
  line_.metrics.methods.add();
  if (methods_.size() >= kMethodsMax) methods_.erase(methods_.begin());
  methods_.emplace(topic.rid);
}

void Downlink::twinResponse(const hub::HubTopic& topic, const mqtt::Publish& message) {
  if (!reads_.answered(topic, message) && !patches_.answered(topic, message)) line_.metrics.undelivered.add();
}

// Acknowledged to the hub only when the device has acknowledged it, so that the hub keeps it until then.
void Downlink::cloudToDevice(const mqtt::Publish& message) {
  // When its lock runs out the hub sends it again, but the device that is slow to acknowledge has it already.
  const auto before = std::find_if(cloudMessages_.begin(), cloudMessages_.end(),
                                   [&](const CloudMessage& kept) { return kept.packetId == message.packetId; });
  if (message.qos > 0 && before != cloudMessages_.end()) {
    if (message.dup && before->withDevice && before->topic == message.topic && std::ranges::equal(before->payload, message.payload)) return;
    cloudMessages_.erase(before);
  }
  const std::uint64_t token = nextToken_++;
  if (line_.devices.deliver(line_.device, message, token) != Delivery::sent) return line_.metrics.undelivered.add();
  line_.metrics.cloudToDevice.add();
  if (message.qos == 0) return;
  if (cloudMessages_.size() >= kCloudMessagesMax) cloudMessages_.erase(cloudMessages_.begin());
  std::size_t bytes = message.payload.size();
  for (const CloudMessage& kept : cloudMessages_) bytes += kept.payload.size();
  CloudMessage kept{.token = token,
                    .epoch = line_.link.epoch(),
                    .packetId = message.packetId,
                    .topic{},
                    .payload{},
                    .repeatable = false,
                    .withDevice = true};
  if (bytes <= kCloudBytesMax) {
    kept.topic = message.topic;
    kept.payload.assign(message.payload.begin(), message.payload.end());
    kept.repeatable = true;
  }
  cloudMessages_.push_back(std::move(kept));
}

void Downlink::received(std::uint64_t token) {
  const auto kept = std::find_if(cloudMessages_.begin(), cloudMessages_.end(), [&](const CloudMessage& one) { return one.token == token; });
  if (kept == cloudMessages_.end()) return;
  line_.link.acknowledge(kept->epoch, kept->packetId);
  cloudMessages_.erase(kept);
}

void Downlink::follow(hub::FilterKind kind, std::string_view filter, std::uint8_t qos) {
  line_.link.follow(filter, qos);
  if (kind == hub::FilterKind::desiredProperties) reads_.listens(true);
  if (kind != hub::FilterKind::cloudToDevice) return;
  // A device that came back before the hub noticed anything gets again what it did not acknowledge.
  for (CloudMessage& kept : cloudMessages_) {
    if (!kept.repeatable || kept.withDevice) continue;
    const mqtt::Publish again{
        .topic = kept.topic, .payload = kept.payload, .packetId = kept.packetId, .qos = 1, .dup = true, .retain = false};
    kept.withDevice = line_.devices.deliver(line_.device, again, kept.token) == Delivery::sent;
  }
}

// The answers to the gateway's own requests are on the same filter as those for the device, and are due when the device has left, too.
void Downlink::unfollow(std::string_view filter) {
  if (hub::classifyFilter(filter, line_.id) == hub::FilterKind::desiredProperties) reads_.listens(false);
  if (filter != hub::kTwinResponseFilter) line_.link.unfollow(filter);
}

void Downlink::absent() {
  for (CloudMessage& kept : cloudMessages_) kept.withDevice = false;
  methods_.clear();
  reads_.absent();
  patches_.absent();
}

void Downlink::replyToMethod(std::string_view topic, std::string_view rid, base::ByteView payload) {
  const auto waiting = methods_.find(rid);
  if (waiting == methods_.end() || !line_.link.up() || !line_.link.send(topic, payload)) return line_.metrics.undelivered.add();
  methods_.erase(waiting);
}

}  // namespace spheregate::relay
