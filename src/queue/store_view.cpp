#include "spheregate/queue/store_view.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include "core.hpp"
#include "letter_file.hpp"
#include "read_only_disk.hpp"
#include "recovery.hpp"
#include "segment_files.hpp"
#include "spheregate/queue/format.hpp"
#include "wishes.hpp"

namespace spheregate::queue {
namespace {

namespace fs = std::filesystem;

// So many messages, or so many bytes of them, are read at once.
constexpr std::size_t kMessagesAtOnce = 64;
constexpr std::size_t kBytesAtOnce = 1u << 20;

constexpr const char* kHeld = "a gateway runs with this store; ask it through its admin socket (--config FILE or --socket PATH), or stop it first";

using Listing = std::map<std::string, std::uint64_t>;

// What the names and sizes of the files say; two stores that differ do so here.
base::Result<Listing> listingOf(Disk& disk) {
  Listing listing;
  for (const std::string& folder : {std::string{}, std::string{"quarantine"}, std::string{kLetterFolder}}) {
    const auto files = disk.list(folder);
    if (!files) return files.error();
    for (const DiskEntry& file : *files) listing[folder + "/" + file.name] = file.bytes;
  }
  return listing;
}

}  // namespace

struct StoreView::Inside {
  Inside(fs::path place, std::unique_ptr<Disk> opened) : directory{std::move(place)}, disk{std::move(opened)} {}

  fs::path directory;
  std::unique_ptr<Disk> disk;
  base::SystemClock clock;
  base::Timers timers{clock};
  metrics::Registry metrics;
  Core core{Settings{}, timers, metrics};
  SegmentFiles files{*disk};
  Recovered found;
  Listing listing;
};

StoreView::StoreView(std::unique_ptr<Inside> inside) : inside_{std::move(inside)} {}

StoreView::~StoreView() = default;

base::Explained<std::unique_ptr<StoreView>> StoreView::open(const fs::path& directory) {
  using Made = std::unique_ptr<StoreView>;
  auto disk = openReadOnlyDisk(directory);
  if (!disk) return base::failed<Made>(disk.error());
  const auto held = storeIsHeld(directory);
  if (!held) return base::failed<Made>(held.error());
  if (*held) return base::failed<Made>(directory.string() + ": " + kHeld);
  if (const auto newer = newerSegment(directory)) {
    return base::failed<Made>(newer->file.string() + ": format " + std::to_string(newer->version) + ", written by a newer version of spheregate; this one reads " +
                              std::to_string(kFormatVersion) + ", so look at it with that version");
  }
  auto inside = std::make_unique<Inside>(directory, std::move(*disk));
  const auto listing = listingOf(*inside->disk);
  const auto found = listing ? recover(inside->core, *inside->disk) : base::Result<Recovered>{listing.error()};
  if (!found) {
    return base::failed<Made>(directory.string() + ": cannot read the store: " + found.error().message() + "; run this as root or as the gateway's user, and check the disk");
  }
  inside->listing = *listing;
  inside->found = *found;
  Made view{new StoreView{std::move(inside)}};
  if (const auto same = view->untouched(); !same) return base::failed<Made>(same.error());
  return view;
}

base::Explained<void> StoreView::untouched() const {
  const auto held = storeIsHeld(inside_->directory);
  if (!held) return base::failed<void>(held.error());
  if (*held) return base::failed<void>(inside_->directory.string() + ": a gateway was started with this store meanwhile; ask it instead");
  const auto now = listingOf(*inside_->disk);
  if (!now || *now != inside_->listing) {
    return base::failed<void>(inside_->directory.string() + ": the store was changed meanwhile; try again");
  }
  return {};
}

StoreFacts StoreView::facts() const {
  const Core& core = inside_->core;
  return {.segments = inside_->found.segments,
          .segmentBytes = core.segments.usedBytes() - core.segments.asideBytes(),
          .asideBytes = core.segments.asideBytes(),
          .damagedBytes = inside_->found.damagedBytes,
          .tornBytes = inside_->found.tornBytes,
          .nameless = inside_->found.orphans,
          .deadLetters = core.letters.size()};
}

std::size_t StoreView::deviceCount() const { return inside_->core.devices.size(); }

// Recovery has counted what is missing as dropped already, as the daemon will.
StoredDevice StoreView::device(std::size_t number) const {
  const DeviceQueue& queue = *inside_->core.devices[number];
  StoredDevice device{.id = queue.id, .ledger = queue.ledger, .messages = queue.queued, .bytes = queue.bytes, .oldest = {}};
  const auto missing = inside_->found.lostOf.find(queue.key);
  if (missing != inside_->found.lostOf.end()) device.missing = missing->second;
  device.ledger.dropped -= device.missing;
  if (!queue.entries.empty()) {
    device.oldest = base::WallTime{std::chrono::milliseconds{inside_->core.wallMsOf(queue.entries.front().acceptedTenths)}};
  }
  return device;
}

bool StoreView::forEachMessage(std::size_t number, const Visit& visit) {
  DeviceQueue& queue = *inside_->core.devices[number];
  for (Sequence next = queue.first; next < queue.end();) {
    Wishes wishes;
    const Sequence begin = next;
    for (std::size_t bytes = 0; next < queue.end() && wishes.size() < kMessagesAtOnce && (wishes.empty() || bytes < kBytesAtOnce); ++next) {
      bytes += queue.at(next).size;
      wishes.push_back(wishFor(inside_->core, queue.at(next), next));
    }
    fulfil(inside_->files, wishes);
    for (Wish& wish : wishes) {
      MessageCopy copy;
      copy.device = queue.key;
      copy.sequence = begin + static_cast<Sequence>(&wish - wishes.data());
      copy.acceptedMs = inside_->core.wallMsOf(queue.at(copy.sequence).acceptedTenths);
      if (!wish.found) copy.fault = wish.failure ? wish.failure.message() : "its record is damaged";
      copy.body = std::move(wish.body);
      if (!visit(copy)) return false;
    }
  }
  return true;
}

std::vector<std::string> StoreView::deadLetters() const {
  std::vector<std::string> ids;
  for (const auto& [id, bytes] : inside_->core.letters) ids.push_back(id);
  return ids;
}

DeadLetter StoreView::deadLetter(const std::string& id, bool withBody) {
  DeadLetter letter;
  letter.id = id;
  readLetter(*inside_->disk, letter, withBody);
  return letter;
}

}  // namespace spheregate::queue
