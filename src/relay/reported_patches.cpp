#include "reported_patches.hpp"

#include <algorithm>
#include <charconv>
#include <memory>
#include <utility>

#include "spheregate/hub/username.hpp"

namespace spheregate::relay {
namespace {

// A patch that is not on its way to the hub by then, for a slow link or a long queue, is answered by the gateway.
constexpr base::Duration kLinkTime = std::chrono::seconds{2};
constexpr base::Duration kTick = std::chrono::milliseconds{500};
// Patches at once whose answers a device waits for; of older ones it has given up.
constexpr std::size_t kWaitingMax = 256;
// A store that is slower than the device must not become a heap of patches.
constexpr std::size_t kCopyingMax = 64;

std::string ownRid(queue::Sequence sequence) { return std::string{kOwnRid} + std::to_string(sequence); }

queue::Sequence ownSequence(std::string_view rid) {
  if (!rid.starts_with(kOwnRid)) return 0;
  rid.remove_prefix(kOwnRid.size());
  queue::Sequence sequence = 0;
  const auto read = std::from_chars(rid.data(), rid.data() + rid.size(), sequence);
  return read.ec == std::errc{} && read.ptr == rid.data() + rid.size() ? sequence : 0;
}

// Zero when the hub does not say.
std::uint64_t versionIn(std::string_view query) {
  const std::string text = hub::queryValue(query, "$version").value_or("");
  std::uint64_t version = 0;
  (void)std::from_chars(text.data(), text.data() + text.size(), version);
  return version;
}

}  // namespace

std::uint64_t ReportedPatches::newMark() {
  const auto now = static_cast<std::uint64_t>(line_.timers.clock().wall().time_since_epoch().count());
  return lastMark_ = std::max(lastMark_ + 1, now);
}

void ReportedPatches::taken(queue::Sequence sequence, std::uint64_t mark, std::string_view rid, base::ByteView patch) {
  patches_.emplace(sequence, Patch{.mark = mark,
                                   .payload = {patch.begin(), patch.end()},
                                   .rid = std::string{rid},
                                   .awaited = !rid.empty(),
                                   .since = line_.timers.now()});
  if (patches_.size() > kWaitingMax) patches_.begin()->second.awaited = false;
  if (line_.cutOff() || patches_.size() > kWaitingMax) keepCopies();
  watch();
}

bool ReportedPatches::offer(queue::Sequence sequence, const StoredMessage& patch) {
  line_.followAnswers();
  std::string topic{hub::kReportedTopic};
  topic += hub::withRid(patch.suffix, ownRid(sequence));
  if (!line_.link.send(topic, patch.payload)) return false;
  forgetBefore(sequence);
  auto [place, made] = patches_.try_emplace(sequence);
  // It was answered in the hub's place, perhaps in an earlier life of the process. Without a mark it was a dead letter, which the cached
  // twin has not.
  if (made) place->second.copy = patch.mark == 0 ? Copy::none : Copy::there;
  place->second.mark = patch.mark;
  place->second.query = patch.suffix;
  place->second.payload.assign(patch.payload.begin(), patch.payload.end());
  place->second.sent = true;
  place->second.since = line_.timers.now();
  watch();
  return true;
}

// Custody offers in order, so what stands before and is not on its way has expired.
void ReportedPatches::forgetBefore(queue::Sequence sequence) {
  std::erase_if(patches_, [&](const auto& entry) { return entry.first < sequence && !entry.second.sent; });
}

void ReportedPatches::absent() {
  ++visit_;
  for (auto& entry : patches_) entry.second.awaited = false;
}

std::size_t ReportedPatches::underWay() const {
  return static_cast<std::size_t>(std::count_if(patches_.begin(), patches_.end(), [](const auto& entry) { return entry.second.sent; }));
}

void ReportedPatches::linkDown() {
  for (auto& entry : patches_) entry.second.sent = false;
  if (line_.cutOff()) keepCopies();
  answerStored();
  clock_.cancel();
  watch();
}

void ReportedPatches::safe(queue::Sequence through) {
  safe_ = through;
  answerStored();
}

// In the order taken, each once. What is copied is answered when it is safe.
void ReportedPatches::keepCopies() {
  for (auto& [sequence, patch] : patches_) {
    if (patch.copy != Copy::none) continue;
    patch.copy = Copy::asked;
    reads_.patchKept();
    ++copying_;
    line_.twins.keep(line_.id, patch.payload, patch.mark, [this, number = sequence, mark = patch.mark] {
      --copying_;
      copied(number, mark);
      if (copying_ <= kCopyingMax / 2 && std::exchange(heldUp_, false)) line_.devices.roomAgain();
    });
  }
}

void ReportedPatches::copied(queue::Sequence sequence, std::uint64_t mark) {
  const auto kept = patches_.find(sequence);
  if (kept == patches_.end() || kept->second.mark != mark) return;
  kept->second.copy = Copy::there;
  if (!kept->second.sent) kept->second.payload = {};
  answerStored();
}

bool ReportedPatches::full() {
  if (copying_ < kCopyingMax) return false;
  heldUp_ = true;
  return true;
}

// What the hub has, the hub answers.
void ReportedPatches::answerStored() {
  while (!patches_.empty()) {
    auto& [sequence, patch] = *patches_.begin();
    if (sequence > safe_ || patch.sent || patch.copy != Copy::there) return;
    if (patch.awaited) (void)tell(patch, 204, {}, {}, 0);
    patches_.erase(patches_.begin());
  }
}

bool ReportedPatches::answered(const hub::HubTopic& topic, const mqtt::Publish& message) {
  const queue::Sequence sequence = ownSequence(topic.rid);
  if (sequence == 0) return false;
  const auto patch = patches_.find(sequence);
  if (patch == patches_.end() || !patch->second.sent) return true;
  if (temporary(topic.status)) {
    // It stays in custody and is offered again, after the back-off, on the next connection.
    line_.link.refused("the hub answered a twin patch with " + std::to_string(topic.status));
  } else {
    settle(patch, topic, message);
  }
  return true;
}

void ReportedPatches::settle(Patches::iterator place, const hub::HubTopic& topic, const mqtt::Publish& message) {
  const queue::Sequence sequence = place->first;
  auto patch = std::make_shared<Patch>(std::move(place->second));
  patches_.erase(place);
  clock_.cancel();
  watch();
  TwinCache::Answered answer{.mark = patch->mark, .kept = patch->copy != Copy::none, .version = {}};
  if (topic.status < 300) answer.version = versionIn(topic.query);
  if (answer.version) line_.custody.delivered(line_.device, sequence);
  line_.twins.answered(line_.id, patch->payload, answer,
                       [this, sequence, patch, visit = visit_, status = topic.status, qos = message.qos, query = std::string{topic.query},
                        body = base::Bytes{message.payload.begin(), message.payload.end()}](bool last) {
                         const bool told = patch->awaited && visit == visit_ && tell(*patch, status, query, body, qos);
                         if (status >= 300) refusedByHub(sequence, *patch, status, told);
                         if (last) reads_.patchesThrough();
                         answerStored();
                       });
}

void ReportedPatches::refusedByHub(queue::Sequence sequence, const Patch& patch, int status, bool told) {
  if (told) return line_.custody.delivered(line_.device, sequence);
  // The device was told long ago that its patch was taken, and the hub does not want it.
  base::Bytes body;
  encode({.suffix = patch.query, .payload = patch.payload, .kind = MessageKind::reportedPatch}, body);
  line_.custody.deadLetter(line_.device, sequence, body, queue::DeadReason::refused,
                           "the hub refused the twin patch with " + std::to_string(status));
}

// To the device, under its own rid.
bool ReportedPatches::tell(Patch& patch, int status, std::string_view query, base::ByteView body, std::uint8_t qos) {
  patch.awaited = false;
  const std::string topic = "$iothub/twin/res/" + std::to_string(status) + "/?" + hub::withRid(query, patch.rid);
  const mqtt::Publish answer{.topic = topic, .payload = body, .packetId = 0, .qos = qos, .dup = false, .retain = false};
  if (line_.devices.deliver(line_.device, answer, 0) != Delivery::sent) {
    line_.metrics.undelivered.add();
    return false;
  }
  line_.metrics.twins.add();
  return true;
}

void ReportedPatches::watch() {
  if (clock_.armed() || patches_.empty()) return;
  const Patch& oldest = patches_.begin()->second;
  if (!oldest.sent && oldest.copy != Copy::none) return;
  const base::MonoTime due = oldest.since + (oldest.sent ? line_.patience : kLinkTime);
  clock_.at(std::max(due, line_.timers.now() + kTick), [this] {
    if (patches_.empty()) return;
    const Patch& first = patches_.begin()->second;
    const base::Duration waited = line_.timers.now() - first.since;
    if (first.sent && waited >= line_.patience) return line_.link.stalled("no answer from the hub to a twin patch in time");
    if (!first.sent && waited >= kLinkTime) keepCopies();
    watch();
  });
}

}  // namespace spheregate::relay
