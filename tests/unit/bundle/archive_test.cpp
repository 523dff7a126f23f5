#include "spheregate/bundle/archive.hpp"

#include <gtest/gtest.h>
#include <zlib.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace spheregate::bundle {
namespace {

namespace fs = std::filesystem;

class ArchiveTest : public ::testing::Test {
 protected:
  ArchiveTest() {
    std::string name = (fs::temp_directory_path() / "spheregate-archive-XXXXXX").string();
    directory = ::mkdtemp(name.data());
  }
  ~ArchiveTest() override { fs::remove_all(directory); }
  Archive::Sink sink() {
    return [this](std::string_view bytes) {
      packed += bytes;
      return base::Explained<void>{};
    };
  }
  // By the program that everybody has.
  int unpack() {
    std::ofstream{directory / "a.tar.gz", std::ios::binary} << packed;
    return std::system(("tar -C " + directory.string() + " -xzf " + (directory / "a.tar.gz").string()).c_str());
  }
  std::string content(const std::string& name) {
    std::ifstream stream{directory / name, std::ios::binary};
    return {std::istreambuf_iterator<char>{stream}, {}};
  }

  fs::path directory;
  std::string packed;
};

TEST_F(ArchiveTest, unpacksToWhatWentIn) {
  std::string large;
  for (std::int64_t number = 0; number < 300'000; ++number) large += std::to_string(number * 7919);
  Archive archive{"bundle-1", 1'700'000'000, sink()};
  const std::string block(512, 'x');
  ASSERT_TRUE(archive.add("empty", ""));
  ASSERT_TRUE(archive.add("short", "a line\n"));
  ASSERT_TRUE(archive.add("block", block));
  ASSERT_TRUE(archive.add("large", large));
  ASSERT_TRUE(archive.finish());
  EXPECT_LT(packed.size(), large.size() / 2);
  ASSERT_EQ(unpack(), 0);
  EXPECT_EQ(content("bundle-1/empty"), "");
  EXPECT_EQ(content("bundle-1/short"), "a line\n");
  EXPECT_EQ(content("bundle-1/block"), block);
  EXPECT_EQ(content("bundle-1/large"), large);
  EXPECT_EQ(fs::status(directory / "bundle-1/short").permissions(), fs::perms{0600});
}

TEST_F(ArchiveTest, tellsWhatTheSinkSays) {
  int left = 2;
  Archive archive{"b", 0, [&](std::string_view) { return --left > 0 ? base::Explained<void>{} : base::failed<void>("the disk is full"); }};
  base::Explained<void> done;
  std::string noise;
  std::srand(1);
  for (int number = 0; number < 100'000; ++number) noise += static_cast<char>(std::rand());
  for (int number = 0; number < 10 && done; ++number) done = archive.add("n" + std::to_string(number), noise);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error(), "the disk is full");
}

}  // namespace
}  // namespace spheregate::bundle
