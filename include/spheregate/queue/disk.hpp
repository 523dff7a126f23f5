#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "spheregate/base/bytes.hpp"
#include "spheregate/base/result.hpp"

namespace spheregate::queue {

struct DiskEntry {
  std::string name;
  std::uint64_t bytes = 0;
  bool regular = true;  // a file, and not a directory, a link or something else that somebody put there
};

// One file of the store. Used by one thread at a time.
class DiskFile {
 public:
  virtual ~DiskFile() = default;
  // All bytes at the end of the file, or an error and an unknown part of them.
  virtual base::Result<void> append(base::ByteView bytes) = 0;
  // fdatasync: when it returns, everything appended before is on stable storage.
  virtual base::Result<void> sync() = 0;
  // Brings what is there to stable storage, and what never got there out of sight: what is read afterwards survives a power
  // failure. For files that an earlier process wrote, and may not have synced.
  virtual base::Result<void> settle() = 0;
  // As many bytes as there are up to `size`, from `offset`.
  virtual base::Result<base::Bytes> read(std::uint64_t offset, std::size_t size) = 0;
  virtual base::Result<std::uint64_t> size() = 0;
};

// The disk seam: one directory. PosixDisk is the real one; the simulator's FakeDisk forgets what was not synced when the power
// fails, and both pass one contract suite (tests/contract/disk_contract.hpp).
class Disk {
 public:
  virtual ~Disk() = default;
  // What is there, in no order; of a subdirectory that is not there, nothing.
  virtual base::Result<std::vector<DiskEntry>> list(std::string_view subdirectory = {}) = 0;
  // Fails if the name exists. The name itself is durable only after `syncDirectory`.
  virtual base::Result<std::unique_ptr<DiskFile>> create(std::string_view name) = 0;
  virtual base::Result<std::unique_ptr<DiskFile>> open(std::string_view name) = 0;
  virtual base::Result<void> remove(std::string_view name) = 0;
  // Moves into a subdirectory, made if absent, over a file of that name: for quarantine and dead letters.
  virtual base::Result<void> setAside(std::string_view name, std::string_view subdirectory) = 0;
  // What was created, removed and set aside before is on stable storage.
  virtual base::Result<void> syncDirectory() = 0;
};

// Runs disk work away from the core thread, one job at a time, in order. `done` runs on the core thread afterwards, in the same
// order, never inside `submit`.
class DiskRunner {
 public:
  using Job = std::function<void()>;
  virtual ~DiskRunner() = default;
  virtual void submit(Job job, Job done) = 0;
};

}  // namespace spheregate::queue
