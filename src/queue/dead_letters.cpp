#include "dead_letters.hpp"

#include <algorithm>
#include <string>

#include "letter_file.hpp"
#include "letter_head.hpp"
#include "spheregate/base/log.hpp"

namespace spheregate::queue {
namespace {

constexpr std::uint64_t kAsideShare = 4;
// Each is a file, and its name is in memory.
constexpr std::size_t kLettersMax = 100'000;

constexpr const char* kKinds[] = {"unreadable", "refused", "poison"};
static_assert(std::size(kKinds) == kDeadReasons);

NoLetter unknown(const std::string& id) {
  return {NoLetter::Why::unknown, "there is no dead letter " + id + "; `spheregate queue dead-letters` lists those that there are"};
}

}  // namespace

DeadLetters::DeadLetters(Core& core, Disk& disk, DiskRunner& runner, std::shared_ptr<SegmentFiles> files)
    : core_{core}, disk_{disk}, runner_{runner}, files_{std::move(files)} {}

// A clock that was set back must not lead to a name that is taken.
std::string DeadLetters::freshId() {
  std::string id;
  do {
    id = "letter-" + std::to_string(core_.wallMsOf(core_.tenthsNow())) + "-" + std::to_string(next_++);
  } while (core_.letters.contains(id));
  return id;
}

void DeadLetters::bury(DeviceQueue& queue, Sequence sequence, base::ByteView body, DeadReason kind, std::string_view reason) {
  if (core_.closed || !burying_.emplace(queue.key, sequence).second) return;
  Entry& entry = queue.at(sequence);
  entry.deadReason = kind;
  DeadLetter letter;
  letter.device = queue.id;
  letter.reason = reason;
  letter.kind = kKinds[static_cast<std::size_t>(kind)];
  letter.acceptedMs = core_.wallMsOf(entry.acceptedTenths);
  letter.deadMs = core_.wallMsOf(core_.tenthsNow());
  auto content = std::make_shared<base::Bytes>();
  base::append(*content, letterHead(letter));
  base::append(*content, body);
  base::logWarn("message dead-lettered", {{"device", queue.id}, {"sequence", sequence}, {"reason", reason}, {"bytes", body.size()}});
  const bool tooMuch = core_.segments.asideBytes() + content->size() > core_.settings.bytesMax / kAsideShare;
  if (tooMuch || core_.letters.size() + burying_.size() > kLettersMax) {
    burying_.erase({queue.key, sequence});
    return core_.leave(queue, sequence, Fate::dropped, DropReason::unreadable);
  }
  const std::string id = freshId();
  auto failure = std::make_shared<boost::system::error_code>();
  runner_.submit(
      [files = files_, content, failure, id] {
        const auto kept = files->keep(id, kLetterFolder, *content);
        if (!kept) *failure = kept.error();
      },
      [this, alive = alive_, failure, key = queue.key, sequence, id, bytes = content->size()] {
        if (*alive) buried(key, sequence, id, bytes, *failure);
      });
}

void DeadLetters::buried(DeviceKey key, Sequence sequence, const std::string& id, std::uint64_t bytes, const boost::system::error_code& failure) {
  burying_.erase({key, sequence});
  if (failure) return core_.close("cannot write a dead letter: " + failure.message());
  core_.segments.addAside(bytes);
  core_.letters.emplace(id, bytes);
  core_.metrics.writtenBytes.add(bytes);
  DeviceQueue& queue = core_.at(key);
  if (queue.holds(sequence)) core_.leave(queue, sequence, Fate::deadLettered);
}

void DeadLetters::list(std::string_view after, std::size_t limit, LettersListed done) {
  auto page = std::make_shared<DeadLetterPage>();
  page->total = core_.letters.size();
  for (const auto& [id, bytes] : core_.letters) page->bytes += bytes;
  auto at = core_.letters.upper_bound(after);
  for (; at != core_.letters.end() && page->letters.size() < limit; ++at) {
    page->letters.emplace_back();
    page->letters.back().id = at->first;
  }
  page->more = at != core_.letters.end();
  auto gone = std::make_shared<std::vector<std::string>>();
  runner_.submit(
      [&disk = disk_, page, gone] {
        for (DeadLetter& letter : page->letters) {
          readLetter(disk, letter, false);
          if (!letter.fault.empty() && letterIsGone(disk, letter)) gone->push_back(letter.id);
        }
      },
      [this, alive = alive_, page, gone, then = std::move(done)] {
        if (!*alive) return;
        // Somebody removed them by hand, which is allowed.
        for (const std::string& id : *gone) {
          forget(id);
          std::erase_if(page->letters, [&](const DeadLetter& letter) { return letter.id == id; });
        }
        then(std::move(*page));
      });
}

void DeadLetters::read(const std::string& id, LetterRead done) {
  auto letter = std::make_shared<DeadLetter>();
  letter->id = id;
  const bool known = core_.letters.contains(id);
  auto gone = std::make_shared<bool>(!known);
  runner_.submit(
      [&disk = disk_, letter, gone] {
        if (*gone) return;
        readLetter(disk, *letter, true);
        *gone = !letter->fault.empty() && letterIsGone(disk, *letter);
      },
      [this, alive = alive_, letter, gone, then = std::move(done)] {
        if (!*alive) return;
        if (*gone) {
          forget(letter->id);
          return then(unknown(letter->id));
        }
        if (!letter->fault.empty()) {
          return then(NoLetter{NoLetter::Why::unreadable, "the dead letter " + letter->id + " " + letter->fault + "; look at its file in dead-letters/ of queue.path"});
        }
        then(std::move(*letter));
      });
}

void DeadLetters::forget(const std::string& id) {
  const auto place = core_.letters.find(id);
  if (place == core_.letters.end()) return;
  core_.segments.removeAside(place->second);
  core_.letters.erase(place);
}

const NoLetter* DeadLetters::objection(const DeadLetter& letter) {
  const std::string& id = letter.id;
  if (core_.closed) {
    objection_ = {NoLetter::Why::closed, "the store is closed: " + core_.closedReason + "; mend it and restart the gateway"};
    return &objection_;
  }
  if (!core_.letters.contains(id)) {
    objection_ = unknown(id);
    return &objection_;
  }
  if (std::any_of(retries_.begin(), retries_.end(), [&](const Retry& retry) { return retry.id == id; })) {
    objection_ = {NoLetter::Why::underWay, "the dead letter " + id + " is being retried already; wait a moment"};
    return &objection_;
  }
  const DeviceQueue& queue = core_.device(letter.device);
  if (!queue.holds(queue.retried) || queue.at(queue.retried).done) return nullptr;
  objection_ = {NoLetter::Why::underWay, "another dead letter of this device waits for the hub; retry " + id + " when the hub has that one"};
  return &objection_;
}

void DeadLetters::retried(DeviceQueue& queue, Sequence sequence, std::string id, LetterRetried done) {
  queue.retried = sequence;
  retries_.push_back({.id = std::move(id), .device = queue.key, .sequence = sequence, .done = std::move(done)});
}

// The record of the books is in the same batch as the message or in one before it.
bool DeadLetters::isSafe(const Retry& retry) {
  const DeviceQueue& queue = core_.at(retry.device);
  if (queue.snapshotDue) return false;
  return !queue.holds(retry.sequence) || queue.at(retry.sequence).done || queue.at(retry.sequence).where == Where::stored;
}

void DeadLetters::afterBatch() {
  if (core_.closed) return giveUp();
  for (auto retry = retries_.begin(); retry != retries_.end(); ++retry) {
    if (!retry->removing && isSafe(*retry)) remove(retry);
  }
}

// A power failure may bring the file back; then the message is there twice, and none is lost.
void DeadLetters::remove(Retries::iterator retry) {
  retry->removing = true;
  auto failure = std::make_shared<boost::system::error_code>();
  runner_.submit(
      [&disk = disk_, failure, path = std::string{kLetterFolder} + "/" + retry->id] {
        const auto removed = disk.remove(path);
        if (!removed && removed.error() != boost::system::errc::no_such_file_or_directory) *failure = removed.error();
      },
      [this, alive = alive_, failure, retry] {
        if (!*alive) return;
        const Retry done = std::move(*retry);
        retries_.erase(retry);
        if (*failure) {
          base::logWarn("dead letter not removed", {{"letter", done.id},
                                                    {"reason", failure->message()},
                                                    {"consequence", "its message is queued again, and the letter is still there"},
                                                    {"fix", "remove the file from dead-letters/ of queue.path"}});
        } else {
          forget(done.id);
        }
        done.done(nullptr);
      });
}

void DeadLetters::giveUp() {
  for (auto retry = retries_.begin(); retry != retries_.end();) {
    if (retry->removing) {
      ++retry;
      continue;
    }
    const Retry left = std::move(*retry);
    retry = retries_.erase(retry);
    const NoLetter problem{NoLetter::Why::closed, "the store is closed: " + core_.closedReason + "; the dead letter " + left.id + " is kept; mend the store and restart the gateway"};
    left.done(&problem);
  }
}

}  // namespace spheregate::queue
