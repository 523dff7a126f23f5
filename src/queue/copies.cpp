#include "copies.hpp"

#include <algorithm>
#include <functional>
#include <utility>

namespace spheregate::queue {
namespace {

// A message that was moved to another segment while it was read is looked for again, so often.
constexpr int kTries = 3;
// So many devices are looked at for one part, most of which have nothing queued.
constexpr std::uint32_t kDevicesMax = 10'000;
constexpr std::size_t kEntriesMax = 10'000;

}  // namespace

struct Copies::Task {
  CopyWish wish;
  CopiesMade done;
  MadeCopies made;
  std::size_t bytes = 0;
  // Of which messages the bodies are on the disk, as places in `made`; and where they are, grouped by device as they come.
  std::vector<std::size_t> places;
  Wishes wishes;
  std::vector<std::size_t> left;  // places of messages that have left meanwhile
  int tries = 0;
};

Copies::Copies(Core& core, DiskRunner& runner, std::shared_ptr<SegmentFiles> files)
    : core_{core}, runner_{runner}, files_{std::move(files)} {}

void Copies::copy(const CopyWish& wish, CopiesMade done) {
  auto task = std::make_shared<Task>();
  task->wish = wish;
  task->done = std::move(done);
  if (!wish.from) task->wish.from = CopyPlace{.life = core_.life, .asOf = core_.tenthsNow(), .device = 0, .sequence = 0};
  task->made.otherLife = task->wish.from->life != core_.life;
  if (!task->made.otherLife) gather(*task);
  read(task);
}

void Copies::gather(Task& task) const {
  CopyPlace place = *task.wish.from;
  std::size_t looked = 0;
  const std::uint64_t deviceEnd = std::min<std::uint64_t>(core_.devices.size(), std::uint64_t{place.device} + kDevicesMax);
  for (; place.device < deviceEnd; ++place.device, place.sequence = 0) {
    DeviceQueue& queue = *core_.devices[place.device];
    for (place.sequence = std::max(place.sequence, queue.first); place.sequence < queue.end(); ++place.sequence) {
      const Entry& entry = queue.at(place.sequence);
      // What comes behind was accepted later still.
      if (entry.acceptedTenths > place.asOf) break;
      const bool full = task.made.messages.size() >= task.wish.messagesMax ||
                        (!task.made.messages.empty() && task.bytes + entry.size > task.wish.bytesMax);
      if (full || ++looked > kEntriesMax) {
        task.made.next = place;
        return;
      }
      if (entry.fate == Fate::none) take(task, queue, place.sequence);
    }
  }
  if (place.device < core_.devices.size()) task.made.next = place;
}

void Copies::take(Task& task, DeviceQueue& queue, Sequence sequence) const {
  const Entry& entry = queue.at(sequence);
  MessageCopy copy;
  copy.device = queue.key;
  copy.sequence = sequence;
  copy.acceptedMs = core_.wallMsOf(entry.acceptedTenths);
  task.bytes += entry.size;
  if (entry.body) {
    const base::ByteView body = entry.view();
    copy.body.assign(body.begin(), body.end());
  } else {
    task.places.push_back(task.made.messages.size());
    task.wishes.push_back(wishFor(core_, entry, sequence));
  }
  task.made.messages.push_back(std::move(copy));
}

void Copies::read(const std::shared_ptr<Task>& task) {
  ++task->tries;
  runner_.submit([files = files_, task] { fulfil(*files, task->wishes); },
                 [this, alive = alive_, task] {
                   if (*alive) arrived(task);
                 });
}

void Copies::arrived(const std::shared_ptr<Task>& task) {
  std::vector<std::size_t> places;
  Wishes again;
  for (std::size_t number = 0; number < task->wishes.size(); ++number) {
    Wish& wish = task->wishes[number];
    MessageCopy& copy = task->made.messages[task->places[number]];
    if (wish.found) {
      copy.body = std::move(wish.body);
      continue;
    }
    DeviceQueue& queue = core_.at(copy.device);
    if (!queue.holds(wish.sequence) || queue.at(wish.sequence).fate != Fate::none) {
      task->left.push_back(task->places[number]);
    } else if (!liesThere(queue.at(wish.sequence), wish) && task->tries < kTries) {
      places.push_back(task->places[number]);
      again.push_back(wishFor(core_, queue.at(wish.sequence), wish.sequence));
    } else {
      copy.fault = wish.failure ? wish.failure.message() : "its record is damaged";
    }
  }
  task->places = std::move(places);
  task->wishes = std::move(again);
  if (!task->wishes.empty()) return read(task);
  std::sort(task->left.begin(), task->left.end(), std::greater{});
  for (const std::size_t place : task->left) task->made.messages.erase(task->made.messages.begin() + static_cast<std::ptrdiff_t>(place));
  task->done(std::move(task->made));
}

}  // namespace spheregate::queue
