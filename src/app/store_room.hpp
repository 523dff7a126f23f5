#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "spheregate/base/timers.hpp"
#include "spheregate/metrics/registry.hpp"
#include "spheregate/queue/disk.hpp"

namespace spheregate::app {

// What others may change about the store's directory, looked at every five seconds by the disk thread, because a disk may be slow to say:
// `queue_disk_free_bytes`, `queue_quarantine_files`, `queue_dead_letters`. Core thread only; the runner outlives it.
class StoreRoom {
 public:
  StoreRoom(std::filesystem::path store, queue::DiskRunner& runner, base::Timers& timers, metrics::Registry& metrics);

  // A folder of which only the number of files matters. It is read again when it has changed.
  struct Folder {
    std::filesystem::path path;
    std::optional<std::filesystem::file_time_type> changed;
    std::size_t files = 0;
  };
  struct Found {
    double freeBytes = 0;  // not a number when nobody can say
    Folder quarantine;
    Folder deadLetters;
  };

 private:
  void look();
  void show();

  std::filesystem::path store_;
  queue::DiskRunner& runner_;
  metrics::Gauge& freeBytes_;
  metrics::Gauge& quarantined_;
  metrics::Gauge& deadLetters_;
  // Changed by the disk thread between `submit` and its result, else by nobody.
  std::shared_ptr<Found> found_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  base::Timer timer_;
};

}  // namespace spheregate::app
