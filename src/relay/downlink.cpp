#include "downlink.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include "spheregate/base/log.hpp"
#include "spheregate/hub/topics.hpp"

namespace spheregate::relay {
namespace {

using hub::HubTopicKind;

// The hub keeps at most 50 cloud-to-device messages of 64 KB for a device. Of a device that is slow to acknowledge no more than this
// is kept for its next connection; the rest comes again from the hub when its lock has run out.
constexpr std::size_t kCloudMessagesMax = 50;
constexpr std::size_t kCloudBytesMax = 256 * 1024;
constexpr std::size_t kMethodsMax = 64;
constexpr std::size_t kTwinRequestsMax = 16;
// Nothing that an SDK makes, so our own requests are told from the device's.
constexpr std::string_view kOwnRid = "spheregate-";

std::string ownRid(queue::Sequence sequence) { return std::string{kOwnRid} + std::to_string(sequence); }

queue::Sequence ownSequence(std::string_view rid) {
  if (!rid.starts_with(kOwnRid)) return 0;
  rid.remove_prefix(kOwnRid.size());
  queue::Sequence sequence = 0;
  const auto read = std::from_chars(rid.data(), rid.data() + rid.size(), sequence);
  return read.ec == std::errc{} && read.ptr == rid.data() + rid.size() ? sequence : 0;
}

bool temporary(int status) { return status == 429 || status >= 500; }

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
                                   "cloud to device.")} {}

Downlink::Downlink(queue::DeviceKey device, std::string_view id, upstream::Link& link, queue::Custody& custody, base::Timers& timers,
                   base::Duration patience, DownlinkMetrics& metrics)
    : device_{device}, id_{id}, link_{link}, custody_{custody}, timers_{timers}, patience_{patience}, metrics_{metrics}, watch_{timers} {}

// While the link is down, or takes no more, a request waits as long as the device does.
void Downlink::linkRoom() {
  for (TwinRequest& request : twinRequests_) {
    if (request.sent) continue;
    if (!link_.up() || !link_.send(request.topic, request.payload)) return;
    request.sent = true;
  }
}

// What the hub still waits for, it will send again or give up.
void Downlink::linkDown() {
  cloudMessages_.clear();
  for (TwinRequest& request : twinRequests_) request.sent = false;
  methods_.clear();
  patches_.clear();
  watch_.cancel();
  answerStoredPatches();
}

void Downlink::message(const mqtt::Publish& message) {
  const hub::HubTopic topic = hub::classifyFromHub(message.topic, id_);
  switch (topic.kind) {
    case HubTopicKind::cloudToDevice: return cloudToDevice(message);
    case HubTopicKind::twinResponse: return twinResponse(topic, message);
    case HubTopicKind::desiredProperties:
    case HubTopicKind::method:
    case HubTopicKind::unknown: break;
  }
  // The hub does not repeat these, so its own acknowledgement need not wait for the device's.
  if (message.qos == 1) link_.acknowledge(link_.epoch(), message.packetId);
  if (devices_->deliver(device_, message, 0) != Delivery::sent) return metrics_.undelivered.add();
  if (topic.kind == HubTopicKind::desiredProperties) metrics_.desired.add();
  if (topic.kind != HubTopicKind::method) return;
  metrics_.methods.add();
  if (methods_.size() >= kMethodsMax) methods_.erase(methods_.begin());
  methods_.emplace(topic.rid);
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
  if (devices_->deliver(device_, message, token) != Delivery::sent) return metrics_.undelivered.add();
  metrics_.cloudToDevice.add();
  if (message.qos == 0) return;
  if (cloudMessages_.size() >= kCloudMessagesMax) cloudMessages_.erase(cloudMessages_.begin());
  std::size_t bytes = message.payload.size();
  for (const CloudMessage& kept : cloudMessages_) bytes += kept.payload.size();
  CloudMessage kept{.token = token,
                    .epoch = link_.epoch(),
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
  link_.acknowledge(kept->epoch, kept->packetId);
  cloudMessages_.erase(kept);
}

void Downlink::follow(hub::FilterKind kind, std::string_view filter, std::uint8_t qos) {
  link_.follow(filter, qos);
  if (kind != hub::FilterKind::cloudToDevice) return;
  // A device that came back before the hub noticed anything gets again what it did not acknowledge.
  for (CloudMessage& kept : cloudMessages_) {
    if (!kept.repeatable || kept.withDevice) continue;
    const mqtt::Publish again{.topic = kept.topic, .payload = kept.payload, .packetId = 0, .qos = 1, .dup = true, .retain = false};
    kept.withDevice = devices_->deliver(device_, again, kept.token) == Delivery::sent;
  }
}

// The answers to our own patches are on the same filter as those for the device, and are due when the device has left, too.
void Downlink::unfollow(std::string_view filter) {
  if (filter != hub::kTwinResponseFilter) link_.unfollow(filter);
}

void Downlink::followAnswers() {
  if (!link_.follows(hub::kTwinResponseFilter)) link_.follow(hub::kTwinResponseFilter, 0);
}

void Downlink::absent() {
  for (CloudMessage& kept : cloudMessages_) kept.withDevice = false;
  methods_.clear();
  twinRequests_.clear();
  awaited_.clear();
}

void Downlink::requestTwin(std::string_view topic, std::string_view rid, base::ByteView payload) {
  followAnswers();
  if (rid.empty()) {
    // The hub does not answer it.
    if (link_.up()) (void)link_.send(topic, payload);
    return;
  }
  if (twinRequests_.size() >= kTwinRequestsMax) twinRequests_.erase(twinRequests_.begin());
  twinRequests_.push_back({.rid = std::string{rid}, .topic = std::string{topic}, .payload = {payload.begin(), payload.end()}});
  linkRoom();
}

void Downlink::replyToMethod(std::string_view topic, std::string_view rid, base::ByteView payload) {
  const auto waiting = methods_.find(rid);
  if (waiting == methods_.end() || !link_.up() || !link_.send(topic, payload)) return metrics_.undelivered.add();
  methods_.erase(waiting);
}

void Downlink::awaitPatch(queue::Sequence sequence, std::string_view rid) { awaited_.emplace(sequence, rid); }

bool Downlink::offerPatch(queue::Sequence sequence, const StoredMessage& patch) {
  followAnswers();
  std::string topic{hub::kReportedTopic};
  topic += hub::withRid(patch.suffix, ownRid(sequence));
  if (!link_.send(topic, patch.payload)) return false;
  patches_[sequence] = {.payload = {patch.payload.begin(), patch.payload.end()}, .sent = timers_.now()};
  watchPatches();
  return true;
}

void Downlink::watchPatches() {
  if (watch_.armed() || patches_.empty()) return;
  watch_.at(patches_.begin()->second.sent + patience_, [this] {
    if (patches_.empty()) return;
    if (timers_.now() - patches_.begin()->second.sent >= patience_) return link_.stalled("no answer from the hub to a twin patch in time");
    watchPatches();
  });
}

void Downlink::twinResponse(const hub::HubTopic& topic, const mqtt::Publish& message) {
  if (message.qos == 1) link_.acknowledge(link_.epoch(), message.packetId);
  // The device's own come first, whatever it calls them.
  const auto asked =
      std::find_if(twinRequests_.begin(), twinRequests_.end(), [&](const TwinRequest& one) { return one.rid == topic.rid; });
  if (asked == twinRequests_.end()) {
    if (const queue::Sequence sequence = ownSequence(topic.rid)) return patchAnswered(sequence, topic, message);
    return metrics_.undelivered.add();
  }
  twinRequests_.erase(asked);
  if (devices_->deliver(device_, message, 0) != Delivery::sent) return metrics_.undelivered.add();
  metrics_.twins.add();
}

void Downlink::patchAnswered(queue::Sequence sequence, const hub::HubTopic& topic, const mqtt::Publish& message) {
  const auto sent = patches_.find(sequence);
  if (sent == patches_.end()) return;
  if (temporary(topic.status)) {
    // It stays in custody and is offered again, after the back-off, on the next connection.
    return link_.refused("the hub answered a twin patch with " + std::to_string(topic.status));
  }
  const bool told = answerPatch(sequence, topic.status, topic.query, message.payload);
  const base::Bytes payload = std::move(sent->second.payload);
  patches_.erase(sent);
  if (topic.status < 300 || told) return custody_.delivered(device_, sequence);
  // The device was told long ago that its patch was taken, and the hub does not want it.
  custody_.deadLetter(device_, sequence, payload, queue::DeadReason::refused,
                      "the hub refused the twin patch with " + std::to_string(topic.status));
}

// To the device, under its own rid. False when it does not wait for it.
bool Downlink::answerPatch(queue::Sequence sequence, int status, std::string_view query, base::ByteView body) {
  const auto awaited = awaited_.find(sequence);
  if (awaited == awaited_.end()) return false;
  const std::string topic = "$iothub/twin/res/" + std::to_string(status) + "/?" + hub::withRid(query, awaited->second);
  awaited_.erase(awaited);
  if (devices_->deliver(device_, {.topic = topic, .payload = body, .packetId = 0, .qos = 1, .dup = false, .retain = false}, 0) !=
      Delivery::sent) {
    return false;
  }
  metrics_.twins.add();
  return true;
}

void Downlink::safe(queue::Sequence through) {
  safe_ = through;
  answerStoredPatches();
}

// While the hub cannot be asked, on stable storage is as good an answer as the device can get.
void Downlink::answerStoredPatches() {
  if (link_.up()) return;
  while (!awaited_.empty() && awaited_.begin()->first <= safe_) (void)answerPatch(awaited_.begin()->first, 204, {}, {});
}

}  // namespace spheregate::relay
