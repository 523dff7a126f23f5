#include "lane.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "spheregate/hub/topics.hpp"

namespace spheregate::relay {
namespace {

// What was taken while the link was down for less is not a backlog, but a hiccup.
constexpr base::Duration kOutage = std::chrono::seconds{5};
// How soon a connection is tried again that a message may have ended.
constexpr base::Duration kAgain = std::chrono::milliseconds{100};
// How long it is held without a message.
constexpr base::Duration kSilence = std::chrono::milliseconds{200};

}  // namespace

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
                 .reads = uplink.twinReads_,
                 .hubAway = [&uplink] { return uplink.hubAway(); }}},
      linger_{uplink.timers_},
      hold_{uplink.timers_},
      // What was found at the start has waited long.
      downSince_{uplink.custody_.hasBacklog(device) ? base::MonoTime{} : uplink.timers_.now()} {}

Uplink::Lane::~Lane() { forgetWaitingPatch(); }

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
  const bool answered = wasUp_ && underWay() == 0 && passed_ > 0 && !accused_ && !patch_;
  if (suspicion_.suspects() && answered && suspicion_.answered(uplink_.settings_.inflightPerDevice)) {
    uplink_.closedByChance_ = uplink_.timers_.now();
  }
  while (link_->room() > 0 && !isLeaving() && mayFollow() && sendWaitingPatch() && uplink_.traffic_->admits(*this)) {
    if (accused_) {
      if (!callWitness()) return;
      continue;
    }
    const auto outgoing = uplink_.custody_.next(device_, uplink_.settings_.inflightPerDevice);
    if (!outgoing) break;
    if (suspicion_.suspects() && judge(*outgoing)) continue;
    const auto message = decode(outgoing->body);
    // A store may hold what a gateway accepted that had another way to the hub.
    if (const auto fault = message ? unfit(*message) : std::string{"unreadable record"}; !fault.empty()) {
      uplink_.unreadable_.add();
      uplink_.custody_.deadLetter(device_, outgoing->sequence, outgoing->body, queue::DeadReason::unreadable, fault);
      continue;
    }
    if (message->kind == MessageKind::reportedPatch) {
      if (!sendPatch(*outgoing, *message)) return;
      continue;
    }
    publish(*outgoing, *message);
  }
  if (!present_) lingerIfIdle();
}

void Uplink::Lane::publish(const queue::Outgoing& outgoing, const StoredMessage& message) {
  link_->publish(prefix_, message.suffix, message.payload, message.retain, outgoing.resent, outgoing.sequence);
  uplink_.traffic_->published(*this);
  passed_ = outgoing.sequence;
  ++published_;
  if (suspicion_.suspects()) sentAlone_ = uplink_.timers_.now();
}

// Why it can never go to the hub; empty when it can.
std::string Uplink::Lane::unfit(const StoredMessage& message) const {
  if (message.kind == MessageKind::reportedPatch && !uplink_.links_.twinsAndMethods()) {
    return "reported properties have no way to the hub in upstream.mode: shared";
  }
  const auto objection = uplink_.links_.objection(id(), message.suffix, message.payload.size());
  return objection ? std::string{objection->reason} + ": " + objection->fix : std::string{};
}

// Patches count as twin updates, not as messages. False when nothing can follow it now.
bool Uplink::Lane::sendPatch(const queue::Outgoing& outgoing, const StoredMessage& patch) {
  passed_ = outgoing.sequence;
  sentAlone_ = uplink_.timers_.now();
  if (!uplink_.twinUpdates_.take()) {
    patch_ = {.sequence = outgoing.sequence, .body = {outgoing.body.begin(), outgoing.body.end()}, .ticket = 0};
    patch_->ticket = uplink_.twinUpdates_.queue([this] {
      patch_->ticket = 0;
      roomForAll();
    });
    return false;
  }
  if (downlink_.offerPatch(outgoing.sequence, patch)) return true;
  link_->stalled("the hub does not take what it gets");
  return false;
}

// True when none waits any more.
bool Uplink::Lane::sendWaitingPatch() {
  if (!patch_) return true;
  if (patch_->ticket != 0) return false;
  const WaitingPatch patch = std::move(*patch_);
  patch_.reset();
  const auto message = decode(patch.body);
  if (message && downlink_.offerPatch(patch.sequence, *message)) return true;
  link_->stalled("the hub does not take what it gets");
  return false;
}

void Uplink::Lane::forgetWaitingPatch() {
  if (patch_ && patch_->ticket != 0) uplink_.twinUpdates_.leave(patch_->ticket);
  patch_.reset();
}

void Uplink::Lane::linkUp(upstream::Link&) {
  wasUp_ = true;
  const bool outage = uplink_.timers_.now() - downSince_ >= kOutage && uplink_.custody_.hasBacklog(device_);
  backlogThrough_ = outage ? uplink_.custody_.newest(device_) : 0;
  passed_ = lastAcknowledged_ = 0;
  published_ = acknowledged_ = 0;
  uplink_.linkCameUp();
  if (suspicion_.wantsSilence()) {
    hold_.after(kSilence, [this] { roomForAll(); });
  }
  roomForAll();
}

void Uplink::Lane::linkAcknowledged(upstream::Link&, std::uint64_t token) {
  ++uplink_.acknowledged_;
  ++own_.acknowledged;
  ++acknowledged_;
  lastAcknowledged_ = std::max(lastAcknowledged_, token);
  uplink_.custody_.delivered(device_, token);
  if (suspicion_.isWitness(token) && accused_) condemn(accused_->sequences, accused_->body);
}

void Uplink::Lane::linkMessage(upstream::Link&, const mqtt::Publish& message) { downlink_.message(message); }

void Uplink::Lane::linkRoom(upstream::Link&) { roomForAll(); }

// Patches first, so that a twin that is read afterwards has them.
void Uplink::Lane::roomForAll() {
  pump();
  downlink_.linkRoom();
}

void Uplink::Lane::linkDown(upstream::Link& link, std::string_view reason) {
  if (suspectsAfterClose(link, wasUp_)) link_->hurry(kAgain);
  if (wasUp_) {
    uplink_.linkGone();
    downSince_ = uplink_.timers_.now();
  }
  wasUp_ = false;
  hold_.cancel();
  accused_.reset();
  forgetWaitingPatch();
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
    if (wasUp_) uplink_.linkGone();
    wasUp_ = false;
    link_->close();
    downlink_.linkDown();
  });
}

}  // namespace spheregate::relay
