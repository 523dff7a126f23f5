#include "spheregate/relay/uplink.hpp"

#include <algorithm>
#include <utility>

#include "downlink.hpp"
#include "lane.hpp"
#include "spheregate/base/log.hpp"
#include "traffic.hpp"
#include "twin_cache.hpp"

namespace spheregate::relay {
namespace {

std::size_t index(queue::DeviceKey device) { return static_cast<std::size_t>(device); }

metrics::Counter* acceptedCounter(metrics::Registry& metrics, const char* qos) {
  return &metrics.counter("messages_accepted_total", "Telemetry messages taken into custody from devices.", {{"qos", qos}});
}

}  // namespace

Uplink::Uplink(queue::Custody& custody, upstream::Links& links, const upstream::Settings& settings, state::Store& store,
               base::Timers& timers, metrics::Registry& metrics)
    : custody_{custody},
      links_{links},
      settings_{settings},
      timers_{timers},
      since_{timers.now()},
      twins_{std::make_unique<TwinCache>(store)},
      downlinkMetrics_{std::make_unique<DownlinkMetrics>(metrics)},
      traffic_{std::make_unique<Traffic>(timers, upstream::allowance(settings).messages, settings.drainPerSecond)},
      twinReads_{timers, upstream::allowance(settings).twinReads},
      twinUpdates_{timers, upstream::allowance(settings).twinUpdates},
      patches_{metrics.counter("twin_patches_accepted_total", "Patches of reported properties taken into custody from devices.")},
      accepted_{acceptedCounter(metrics, "0"), acceptedCounter(metrics, "1")},
      unreadable_{metrics.counter("queue_unreadable_records_total", "Stored messages that could not be read as such.")} {
  metrics::Gauge& connected = metrics.gauge("upstream_connected", "1 while at least one device is connected to the hub.");
  metrics.beforeScrape([this, &connected] { connected.set(linksUp_ > 0 ? 1 : 0); });
}

// Lanes leave the lines in which they stand.
Uplink::~Uplink() { lanes_.clear(); }

void Uplink::open(DeviceSide& devices) {
  devices_ = &devices;
  custody_.open(*this);
  for (const queue::DeviceKey device : custody_.devicesWithBacklog()) lane(device).wake();
}

void Uplink::present(queue::DeviceKey device, std::string_view query) { lane(device).present(query); }

void Uplink::absent(queue::DeviceKey device) { lane(device).absent(); }

queue::Accepted Uplink::take(queue::DeviceKey device, const StoredMessage& message, std::uint8_t qos) {
  const queue::Accepted accepted = accept(device, message, qos == 0);
  if (accepted.acceptance == queue::Acceptance::taken || accepted.acceptance == queue::Acceptance::dropped) {
    accepted_[qos == 0 ? 0 : 1]->add();
  }
  if (accepted.acceptance == queue::Acceptance::taken) lane(device).wakeAndPump();
  return accepted;
}

queue::Accepted Uplink::takePatch(queue::DeviceKey device, std::string_view query, std::string_view rid, base::ByteView patch) {
  if (lane(device).downlink().patchesFull()) return {.acceptance = queue::Acceptance::full, .sequence = 0};
  const std::uint64_t mark = lane(device).downlink().newMark();
  const queue::Accepted accepted =
      accept(device, {.suffix = query, .payload = patch, .kind = MessageKind::reportedPatch, .mark = mark}, false);
  if (accepted.acceptance != queue::Acceptance::taken) return accepted;
  patches_.add();
  lane(device).downlink().patchTaken(accepted.sequence, mark, rid, patch);
  lane(device).wakeAndPump();
  return accepted;
}

queue::Accepted Uplink::accept(queue::DeviceKey device, const StoredMessage& message, bool dispensable) {
  encode(message, scratch_);
  const queue::Urgency urgency = lane(device).link().failing() ? queue::Urgency::now : queue::Urgency::wait;
  return custody_.accept(device, scratch_, urgency, dispensable);
}

void Uplink::follow(queue::DeviceKey device, hub::FilterKind kind, std::string_view filter, std::uint8_t qos) {
  lane(device).downlink().follow(kind, filter, qos);
}

void Uplink::unfollow(queue::DeviceKey device, std::string_view filter) { lane(device).downlink().unfollow(filter); }

void Uplink::received(queue::DeviceKey device, std::uint64_t token) { lane(device).downlink().received(token); }

void Uplink::requestTwin(queue::DeviceKey device, std::string_view topic, std::string_view rid, base::ByteView payload) {
  lane(device).downlink().requestTwin(topic, rid, payload);
}

void Uplink::replyToMethod(queue::DeviceKey device, std::string_view topic, std::string_view rid, base::ByteView payload) {
  lane(device).downlink().replyToMethod(topic, rid, payload);
}

void Uplink::setDrainRate(double perSecond) { traffic_->setBacklogRate(perSecond); }

void Uplink::close() {
  for (const auto& way : lanes_) {
    if (way) way->close();
  }
  linksUp_ = 0;
}

Uplink::LinkState Uplink::linkState(queue::DeviceKey device) const {
  if (index(device) >= lanes_.size() || !lanes_[index(device)]) return {};
  const upstream::Link& link = lanes_[index(device)]->link();
  return {.state = link.state(), .inflight = link.inflight(), .lastError = link.lastError()};
}

void Uplink::safe(queue::DeviceKey device, queue::Sequence through) {
  devices_->acknowledge(device, through);
  lane(device).downlink().safe(through);
}

void Uplink::ready(queue::DeviceKey device) { lane(device).pump(); }

void Uplink::roomAgain() { devices_->roomAgain(); }

void Uplink::storeClosed(std::string_view reason) { devices_->storeClosed(reason); }

Uplink::Lane& Uplink::lane(queue::DeviceKey device) {
  if (index(device) >= lanes_.size()) lanes_.resize(index(device) + 1);
  auto& place = lanes_[index(device)];
  if (!place) place = std::make_unique<Lane>(*this, device);
  return *place;
}

void Uplink::linkCameUp() {
  const bool wasAway = hubAway();
  hubFails_ = false;
  lastError_.clear();
  if (linksUp_++ > 0) return;
  since_ = timers_.now();
  // Without an outage before it, a link comes up because a device has come.
  base::logInfo(wasAway ? "uplink restored" : "uplink up", {{"hub", settings_.hub}});
}

// It was up.
void Uplink::linkGone() {
  if (--linksUp_ == 0) since_ = timers_.now();
}

void Uplink::linkWentDown(const Lane& way, std::string_view reason, bool failing) {
  if (!failing) return;
  hubFails_ = true;
  lastError_ = reason;
  const auto quiet = failures_.pass(timers_.now());
  if (!quiet) return base::logDebug("hub link down", {{"device", way.id()}, {"reason", reason}});
  base::logWarn("hub link down", {{"device", way.id()},
                                  {"reason", reason},
                                  {"links_up", linksUp_},
                                  base::moreBefore(*quiet),
                                  {"queued_messages", custody_.queuedMessages()}});
}

}  // namespace spheregate::relay
