#include <algorithm>

#include "custody_inside.hpp"
#include "spheregate/queue/custody.hpp"

// What custody tells of itself, and what an operator may ask of it.
namespace spheregate::queue {

DeviceQueueState Custody::state(DeviceKey device) const {
  const DeviceQueue& queue = inside_->core.at(device);
  DeviceQueueState state{.id = queue.id, .ledger = queue.ledger, .messages = queue.queued, .bytes = queue.bytes, .oldest = {}};
  if (!queue.entries.empty()) {
    state.oldest = base::WallTime{std::chrono::milliseconds{inside_->core.wallMsOf(queue.entries.front().acceptedTenths)}};
  }
  return state;
}

Ledger Custody::totals() const { return inside_->core.totals; }

std::uint64_t Custody::queuedMessages() const { return inside_->core.queuedMessages; }

std::uint64_t Custody::queuedBytes() const { return inside_->core.queuedBytes; }

std::optional<double> Custody::oldestAgeSeconds() const { return inside_->core.oldestAgeSeconds(); }

std::uint64_t Custody::diskBytes() const { return inside_->core.segments.usedBytes(); }

std::uint64_t Custody::limitBytes() const { return inside_->core.settings.bytesMax; }

std::size_t Custody::deadLetters() const { return inside_->core.letters.size(); }

Recount Custody::recount(DeviceKey device) const {
  const DeviceQueue& queue = inside_->core.at(device);
  Recount counted;
  for (std::size_t index = 0; index < queue.entries.size(); ++index) {
    const Entry& entry = queue.entries[index];
    if (entry.done) continue;
    ++counted.messages;
    counted.bytes += entry.size;
  }
  return counted;
}

void Custody::deadLetter(DeviceKey device, Sequence sequence, base::ByteView body, DeadReason kind, std::string_view reason) {
  DeviceQueue& queue = inside_->core.at(device);
  if (!queue.holds(sequence) || queue.at(sequence).fate != Fate::none) return;
  inside_->deadLetters.bury(queue, sequence, body, kind, reason);
}

void Custody::listDeadLetters(std::string_view after, std::size_t limit, LettersListed done) {
  inside_->deadLetters.list(after, limit, std::move(done));
}

void Custody::readDeadLetter(const std::string& id, LetterRead done) { inside_->deadLetters.read(id, std::move(done)); }

void Custody::retryDeadLetter(const DeadLetter& letter, base::ByteView body, LetterRetried done) {
  Core& core = inside_->core;
  if (const NoLetter* problem = inside_->deadLetters.objection(letter)) return done(problem);
  DeviceQueue& queue = core.device(letter.device);
  const bool memoryIsFull = core.memoryBytes + body.size() > core.settings.memoryBytesMax;
  if (memoryIsFull || inside_->tight(queue, body.size() + kMessageBytes + kReleaseBytes, Urgency::now, false)) {
    const NoLetter problem{NoLetter::Why::noRoom, "the queue has no room; try again when messages have been delivered, or raise queue.max_bytes"};
    return done(&problem);
  }
  core.accept(queue, body);
  core.tookBack(queue);
  const Sequence sequence = queue.end() - 1;
  inside_->deadLetters.retried(queue, sequence, letter.id, std::move(done));
  inside_->commitThrough(queue, sequence);
}

void Custody::copy(const CopyWish& wish, CopiesMade done) { inside_->copies.copy(wish, std::move(done)); }

}  // namespace spheregate::queue
