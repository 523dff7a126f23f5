#include "lane.hpp"

#include "spheregate/hub/topics.hpp"
#include "topic_limit.hpp"

namespace spheregate::relay {

Uplink::Lane::Lane(Uplink& uplink, queue::DeviceKey device)
    : uplink_{uplink},
      device_{device},
      prefix_{hub::telemetryPrefix(uplink.custody_.id(device))},
      link_{uplink.links_.make(std::string{uplink.custody_.id(device)}, *this)},
      downlink_{{.device = device,
                 .id = uplink.custody_.id(device),
                 .link = *link_,
                 .custody = uplink.custody_,
                 .twins = *uplink.twins_,
                 .timers = uplink.timers_,
                 .patience = uplink.settings_.ackTimeout,
                 .metrics = *uplink.downlinkMetrics_,
                 .devices = *uplink.devices_,
                 .hubAway = [&uplink] { return uplink.hubAway(); }}},
      linger_{uplink.timers_} {}

void Uplink::Lane::present(std::string_view query) {
  present_ = true;
  linger_.cancel();
  downlink_.present();
  link_->open(query);
}

void Uplink::Lane::absent() {
  present_ = false;
  downlink_.absent();
  lingerIfIdle();
}

void Uplink::Lane::wake() {
  linger_.cancel();
  link_->open({});
}

void Uplink::Lane::wakeAndPump() {
  if (link_->state() == upstream::Link::State::closed) wake();
  pump();
}

void Uplink::Lane::pump() {
  while (link_->room() > 0) {
    const auto outgoing = uplink_.custody_.next(device_, uplink_.settings_.inflightPerDevice);
    if (!outgoing) break;
    const auto message = decode(outgoing->body);
    // The device's name takes its part of the topic, and a store may hold what a gateway accepted that did not reckon with it.
    if (!message || prefix_.size() + message->suffix.size() > kTopicBytesMax) {
      uplink_.unreadable_.add();
      uplink_.custody_.deadLetter(device_, outgoing->sequence, outgoing->body,
                                  message ? "the topic is longer than 65,535 bytes" : "unreadable record");
      continue;
    }
    if (message->kind == MessageKind::reportedPatch) {
      if (!downlink_.offerPatch(outgoing->sequence, *message)) return link_->stalled("the hub does not take what it gets");
      continue;
    }
    link_->publish(prefix_, message->suffix, message->payload, message->retain, outgoing->resent, outgoing->sequence);
  }
  if (!present_) lingerIfIdle();
}

void Uplink::Lane::linkUp(upstream::Link&) {
  wasUp_ = true;
  uplink_.linkCameUp();
  roomForAll();
}

void Uplink::Lane::linkAcknowledged(upstream::Link&, std::uint64_t token) { uplink_.custody_.delivered(device_, token); }

void Uplink::Lane::linkMessage(upstream::Link&, const mqtt::Publish& message) { downlink_.message(message); }

void Uplink::Lane::linkRoom(upstream::Link&) { roomForAll(); }

// Patches first, so that a twin that is read afterwards has them.
void Uplink::Lane::roomForAll() {
  pump();
  downlink_.linkRoom();
}

void Uplink::Lane::linkDown(upstream::Link& link, std::string_view reason) {
  if (wasUp_) --uplink_.linksUp_;
  wasUp_ = false;
  uplink_.custody_.rewind(device_);
  downlink_.linkDown();
  // Nobody knows when the hub will be back, so what devices wait for goes to disk now. A renewal is over in a moment.
  if (link.failing()) uplink_.custody_.commitNow(device_);
  uplink_.linkWentDown(*this, reason, link.failing());
  // A link that always fails never comes to `pump`, and what waited for it may have expired.
  if (!present_) lingerIfIdle();
}

// A device that reconnects at once should find its link open.
void Uplink::Lane::lingerIfIdle() {
  if (linger_.armed() || link_->state() == upstream::Link::State::closed || uplink_.custody_.hasBacklog(device_)) return;
  linger_.after(uplink_.settings_.idleClose, [this] {
    if (present_ || uplink_.custody_.hasBacklog(device_)) return;
    if (wasUp_) --uplink_.linksUp_;
    wasUp_ = false;
    link_->close();
    downlink_.linkDown();
  });
}

}  // namespace spheregate::relay
