#include "spheregate/relay/uplink.hpp"

#include <algorithm>
#include <utility>

#include "lane.hpp"
#include "spheregate/base/log.hpp"

namespace spheregate::relay {
namespace {

std::size_t index(queue::DeviceKey device) { return static_cast<std::size_t>(device); }

metrics::Counter* acceptedCounter(metrics::Registry& metrics, const char* qos) {
  return &metrics.counter("messages_accepted_total", "Telemetry messages taken into custody from devices.", {{"qos", qos}});
}

}  // namespace

Uplink::Uplink(queue::Custody& custody, upstream::LinkContext& links, metrics::Registry& metrics)
    : custody_{custody},
      links_{links},
      accepted_{acceptedCounter(metrics, "0"), acceptedCounter(metrics, "1")},
      unreadable_{metrics.counter("queue_unreadable_records_total", "Stored messages that could not be read as such.")} {
  metrics::Gauge& connected = metrics.gauge("upstream_connected", "1 while at least one device is connected to the hub.");
  metrics.beforeScrape([this, &connected] { connected.set(linksUp_ > 0 ? 1 : 0); });
}

Uplink::~Uplink() = default;

void Uplink::open(Acknowledger& acknowledger) {
  acknowledger_ = &acknowledger;
  custody_.open(*this);
  for (const queue::DeviceKey device : custody_.devicesWithBacklog()) lane(device).wake();
}

void Uplink::present(queue::DeviceKey device, std::string_view query) { lane(device).present(query); }

void Uplink::absent(queue::DeviceKey device) { lane(device).absent(); }

queue::Accepted Uplink::take(queue::DeviceKey device, const StoredMessage& message, std::uint8_t qos) {
  encode(message, scratch_);
  Lane& way = lane(device);
  const queue::Urgency urgency = way.link().failing() ? queue::Urgency::now : queue::Urgency::wait;
  const queue::Accepted accepted = custody_.accept(device, scratch_, urgency, qos == 0);
  if (accepted.acceptance == queue::Acceptance::taken || accepted.acceptance == queue::Acceptance::dropped) {
    accepted_[qos == 0 ? 0 : 1]->add();
  }
  if (accepted.acceptance == queue::Acceptance::taken) {
    if (way.link().state() == upstream::Link::State::closed) way.wake();
    way.pump();
  }
  return accepted;
}

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

void Uplink::safe(queue::DeviceKey device, queue::Sequence through) { acknowledger_->acknowledge(device, through); }

void Uplink::ready(queue::DeviceKey device) { lane(device).pump(); }

void Uplink::roomAgain() { acknowledger_->roomAgain(); }

void Uplink::storeClosed(std::string_view reason) { acknowledger_->storeClosed(reason); }

Uplink::Lane& Uplink::lane(queue::DeviceKey device) {
  if (index(device) >= lanes_.size()) lanes_.resize(index(device) + 1);
  auto& place = lanes_[index(device)];
  if (!place) place = std::make_unique<Lane>(*this, device);
  return *place;
}

void Uplink::linkCameUp() {
  if (linksUp_++ > 0) return;
  base::logInfo("uplink restored", {{"hub", links_.settings.hub}});
  // The first link that gets through is the probe; the others need not wait out a long back-off, but may not come all at once.
  const auto spread = std::chrono::duration<double>(1 + static_cast<double>(lanes_.size()) / links_.settings.connectsPerSecond);
  for (const auto& way : lanes_) {
    if (way) way->hurry(std::chrono::duration_cast<base::Duration>(spread));
  }
}

void Uplink::linkWentDown(const Lane& way, std::string_view reason, bool failing) {
  if (!failing) return;
  const auto quiet = failures_.pass(links_.timers.now());
  if (!quiet) return base::logDebug("hub link down", {{"device", way.id()}, {"reason", reason}});
  base::logWarn("hub link down", {{"device", base::shortId(way.id())},
                                  {"reason", reason},
                                  {"links_up", linksUp_},
                                  {"more_before", *quiet},
                                  {"queued_messages", custody_.queuedMessages()}});
}

}  // namespace spheregate::relay
