#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "spheregate/queue/disk.hpp"

namespace spheregate::simulation {

// A disk in memory that keeps apart what was written and what is on stable storage, and fails on demand.
class FakeDisk final : public queue::Disk {
 public:
  base::Result<std::vector<queue::DiskEntry>> list(std::string_view subdirectory = {}) override;
  base::Result<std::unique_ptr<queue::DiskFile>> create(std::string_view name) override;
  base::Result<std::unique_ptr<queue::DiskFile>> open(std::string_view name) override;
  base::Result<void> remove(std::string_view name) override;
  base::Result<void> setAside(std::string_view name, std::string_view subdirectory) override;
  base::Result<void> syncDirectory() override;

  // The process is gone; the operating system keeps what was written.
  void crash() { ++life_; }
  // So is the machine: of what was not synced, any part may be there, torn or as garbage, and names may be as before.
  void powerFail(std::mt19937_64& random);

  // What the files of this folder hold.
  std::vector<base::Bytes> kept(std::string_view subdirectory) const;
  // The content of one file, to be looked at or damaged by a test; null when it is not there.
  base::Bytes* content(const std::string& name);
  // From the operation with this number on (1 is the next), each of its kind fails.
  void failAppendsFrom(int number) { appendsUntilFailure_ = number; }
  void failSyncsFrom(int number) { syncsUntilFailure_ = number; }
  // Reads that touch this place of any file fail; none when it is empty.
  void breakSector(std::uint64_t begins, std::uint64_t ends) {
    badBegins_ = begins;
    badEnds_ = ends;
  }
  std::uint64_t syncs() const { return syncs_; }

 private:
  class Handle;
  struct File {
    base::Bytes content;
    std::size_t synced = 0;
    bool forgotten = false;  // a sync failed: what was not synced then is in memory only, and no later sync brings it to the disk
  };
  using Names = std::map<std::string, std::shared_ptr<File>>;  // `name`, or `subdirectory/name`

  static bool due(int& untilFailure);
  std::unique_ptr<queue::DiskFile> handle(std::shared_ptr<File> file);

  Names names_;
  Names syncedNames_;
  std::uint64_t life_ = 0;
  std::uint64_t syncs_ = 0;
  int appendsUntilFailure_ = 0;
  int syncsUntilFailure_ = 0;
  std::uint64_t badBegins_ = 0;
  std::uint64_t badEnds_ = 0;
};

}  // namespace spheregate::simulation
