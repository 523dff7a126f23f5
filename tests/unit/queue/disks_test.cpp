#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>

#include "contract/disk_contract.hpp"
#include "simulation/fake_disk.hpp"
#include "spheregate/queue/posix_disk.hpp"

namespace spheregate::test {
namespace {

class Folder {
 public:
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "spheregate-disk-XXXXXX").string();
    path = ::mkdtemp(name.data());
  }
  ~Folder() { std::filesystem::remove_all(path); }
  std::filesystem::path path;
};

class Posix {
 public:
  queue::Disk& disk() { return *disk_; }
  void reopen() {
    disk_.reset();
    disk_ = *queue::openPosixDisk(folder_.path / "queue");
  }

 private:
  Folder folder_;
  std::unique_ptr<queue::Disk> disk_ = *queue::openPosixDisk(folder_.path / "queue");
};

class Fake {
 public:
  queue::Disk& disk() { return disk_; }
  void reopen() { disk_.crash(); }

 private:
  simulation::FakeDisk disk_;
};

using Disks = ::testing::Types<Posix, Fake>;
INSTANTIATE_TYPED_TEST_SUITE_P(All, DiskContract, Disks);

TEST(PosixDisk, aStoreBelongsToOneProcess) {
  const Folder folder;
  const auto first = queue::openPosixDisk(folder.path / "queue");
  ASSERT_TRUE(first);
  const auto second = queue::openPosixDisk(folder.path / "queue");
  ASSERT_FALSE(second);
  EXPECT_NE(second.error().find("in use"), std::string::npos) << second.error();
  EXPECT_NE(second.error().find((folder.path / "queue").string()), std::string::npos);
}

TEST(PosixDisk, saysWhatIsWrongWithThePath) {
  const Folder folder;
  std::ofstream{folder.path / "file"} << "x";
  const auto disk = queue::openPosixDisk(folder.path / "file");
  ASSERT_FALSE(disk);
  EXPECT_NE(disk.error().find("file"), std::string::npos);
}

TEST(FakeDisk, forgetsWhatWasNotSyncedWhenThePowerFails) {
  std::mt19937_64 random{7};
  bool lost = false;
  bool garbled = false;
  for (int round = 0; round < 50; ++round) {
    simulation::FakeDisk disk;
    auto file = disk.create("a");
    ASSERT_TRUE(disk.syncDirectory());
    ASSERT_TRUE((*file)->append(base::asBytes("safe")));
    ASSERT_TRUE((*file)->sync());
    ASSERT_TRUE((*file)->append(base::asBytes("unsafe")));
    disk.powerFail(random);
    const std::string text{base::asText(*disk.content("a"))};
    EXPECT_TRUE(text.starts_with("safe")) << text;
    lost |= text.size() < 10;
    garbled |= text.find('\0') != std::string::npos;
    EXPECT_FALSE((*file)->append(base::asBytes("x"))) << "a handle of the life before";
  }
  EXPECT_TRUE(lost && garbled);
}

}  // namespace
}  // namespace spheregate::test
