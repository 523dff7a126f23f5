#include <algorithm>
#include <string>

#include "lane.hpp"

// A lane whose device has a message on which the hub may close the connection.
namespace spheregate::relay {
namespace {

// How long the disk may take to give the message behind one that is accused.
constexpr base::Duration kWitnessPatience = std::chrono::seconds{1};
// How often to look whether a dead letter is on stable storage.
constexpr base::Duration kLeavingLook = std::chrono::milliseconds{10};
// The same message so many times.
constexpr std::size_t kAccusedMax = 8;
// How long a hub that has closed by chance is expected to do so again.
constexpr base::Duration kDoubt = std::chrono::minutes{10};

}  // namespace

bool Uplink::Lane::mayFollow() const {
  if (!suspicion_.suspects()) return true;
  if (hold_.armed() && !accused_) return false;
  return underWay() < suspicion_.window(uplink_.settings_.inflightPerDevice);
}

// Nothing overtakes a message that a crash could still bring back.
bool Uplink::Lane::isLeaving() {
  if (leaving_ == 0) return false;
  if (!uplink_.custody_.isOpen() || !uplink_.custody_.holds(device_, leaving_)) {
    leaving_ = 0;
    return false;
  }
  hold_.after(kLeavingLook, [this] { roomForAll(); });
  return true;
}

// True when the message is not to be sent now.
bool Uplink::Lane::judge(const queue::Outgoing& outgoing) {
  if (suspicion_.guilty(outgoing.sequence)) {
    condemn({outgoing.sequence}, outgoing.body);
    return true;
  }
  if (!suspicion_.wantsWitness(outgoing.sequence, uplink_.timers_.now()) || uplink_.custody_.newest(device_) == outgoing.sequence)
    return false;
  accused_ = {.sequences = {outgoing.sequence}, .body = {outgoing.body.begin(), outgoing.body.end()}};
  hold_.after(kWitnessPatience, [this] { roomForAll(); });
  return true;
}

// Sends the message behind the accused; if there is none, the accused after all. False when nothing can be sent now.
bool Uplink::Lane::callWitness() {
  std::vector<queue::Sequence>& accused = accused_->sequences;
  // The accused take no place in the window, because they are not sent.
  const auto outgoing = uplink_.custody_.next(device_, uplink_.settings_.inflightPerDevice + accused.size());
  if (outgoing && accused.size() < kAccusedMax && std::ranges::equal(outgoing->body, accused_->body)) {
    accused.push_back(outgoing->sequence);
    return true;
  }
  if (!outgoing && hold_.armed()) return false;
  hold_.cancel();
  const auto message = outgoing ? decode(outgoing->body) : std::nullopt;
  if (message && message->kind == MessageKind::telemetry && unfit(*message).empty()) {
    suspicion_.witness(outgoing->sequence);
    publish(*outgoing, *message);
    return true;
  }
  // There is none, or none that will do: the accused after all, and then what is behind it, in order.
  accused_.reset();
  suspicion_.noWitness();
  uplink_.custody_.rewind(device_);
  return true;
}

void Uplink::Lane::condemn(const std::vector<queue::Sequence>& sequences, base::ByteView body) {
  for (const queue::Sequence sequence : sequences) {
    uplink_.custody_.deadLetter(device_, sequence, body, queue::DeadReason::poison,
                                "the hub closed the connection on it " + std::to_string(suspicion_.closes()) + " times");
  }
  suspicion_.settled();
  leaving_ = sequences.back();
  accused_.reset();
  hold_.cancel();
}

Suspicion::Others Uplink::Lane::others() const {
  return {.acknowledged = uplink_.acknowledged_ - own_.acknowledged, .cut = uplink_.cuts_ - own_.cut};
}

// The connection is gone. True when it should be tried again at once.
bool Uplink::Lane::suspectsAfterClose(const upstream::Link& link, bool wasUp) {
  if (!wasUp) return false;
  if (!link.closedByHub() || underWay() == 0) {
    suspicion_.closedIdle();
    return false;
  }
  const queue::Sequence alone = underWay() == 1 && lastAcknowledged_ < passed_ ? passed_ : 0;
  // Again on the same message is no sign of a hub that closes by chance.
  if (!suspicion_.accuses(alone)) {
    ++uplink_.cuts_;
    ++own_.cut;
  }
  const base::MonoTime now = uplink_.timers_.now();
  const bool again = suspicion_.closed({.alone = alone,
                                        .after = now - sentAlone_,
                                        .now = now,
                                        .others = others(),
                                        // It stands in line with all others, then.
                                        .foul = link.state() != upstream::Link::State::backingOff,
                                        .byChance = uplink_.closedByChance_ && now - *uplink_.closedByChance_ < kDoubt});
  // With nothing behind it there is no witness either, and no hurry.
  return again && !(suspicion_.wantsWitness(passed_, now) && uplink_.custody_.newest(device_) == passed_);
}

}  // namespace spheregate::relay
