#include "store_room.hpp"

#include <chrono>
#include <limits>
#include <system_error>
#include <utility>

namespace spheregate::app {
namespace {

namespace fs = std::filesystem;

constexpr base::Duration kInterval = std::chrono::seconds{5};
constexpr std::chrono::seconds kSettled{2};
// Enough to know that there are many.
constexpr std::size_t kFilesMax = 10'000;

void count(StoreRoom::Folder& folder) {
  std::error_code error;
  const auto changed = fs::last_write_time(folder.path, error);
  if (error) {
    folder.changed.reset();
    folder.files = 0;
    return;
  }
  if (folder.changed == changed) return;
  // What changes again in this moment may get the same time.
  folder.changed = fs::file_time_type::clock::now() - changed > kSettled ? std::optional{changed} : std::nullopt;
  folder.files = 0;
  for (fs::directory_iterator it{folder.path, error}, end; !error && it != end && folder.files < kFilesMax; it.increment(error)) ++folder.files;
}

void lookInto(const fs::path& store, StoreRoom::Found& found) {
  std::error_code error;
  const fs::space_info space = fs::space(store, error);
  found.freeBytes = error ? std::numeric_limits<double>::quiet_NaN() : static_cast<double>(space.available);
  count(found.quarantine);
  count(found.deadLetters);
}

}  // namespace

StoreRoom::StoreRoom(fs::path store, queue::DiskRunner& runner, base::Timers& timers, metrics::Registry& metrics)
    : store_{std::move(store)},
      runner_{runner},
      freeBytes_{metrics.gauge("queue_disk_free_bytes", "Bytes that are free for the gateway on the file system of queue.path.")},
      quarantined_{metrics.gauge("queue_quarantine_files", "Files in quarantine/ of the store, until somebody takes them away.")},
      deadLetters_{metrics.gauge("queue_dead_letters", "Files in dead-letters/ of the store, at most 10000, until somebody takes them away.")},
      found_{std::make_shared<Found>(Found{.freeBytes = 0,
                                           .quarantine = {.path = store_ / "quarantine", .changed = {}, .files = 0},
                                           .deadLetters = {.path = store_ / "dead-letters", .changed = {}, .files = 0}})},
      timer_{timers} {
  // The first look before anybody asks.
  lookInto(store_, *found_);
  show();
  timer_.after(kInterval, [this] { look(); });
}

void StoreRoom::look() {
  runner_.submit([store = store_, found = found_] { lookInto(store, *found); },
                 [this, alive = std::weak_ptr<bool>{alive_}] {
                   if (alive.expired()) return;
                   show();
                   timer_.after(kInterval, [this] { look(); });
                 });
}

void StoreRoom::show() {
  freeBytes_.set(found_->freeBytes);
  quarantined_.set(static_cast<double>(found_->quarantine.files));
  deadLetters_.set(static_cast<double>(found_->deadLetters.files));
}

}  // namespace spheregate::app
