#include "spheregate/queue/format.hpp"

#include <stdlib.h>

#include <filesystem>
#include <fstream>

#include "crc32c.hpp"
#include "record.hpp"
#include "spheregate/queue/store_view.hpp"
#include "store_fixture.hpp"

namespace spheregate::queue {
namespace {

namespace fs = std::filesystem;

// A segment as a program of this version writes it: its header is ours, and the rest is its own affair.
base::Bytes segmentOf(std::uint32_t version, std::uint32_t number = 1) {
  base::Bytes bytes;
  append(bytes, SegmentHeader{.number = number, .life = 4711, .salt = 99});
  for (std::size_t index = 0; index < 4; ++index) bytes[8 + index] = static_cast<std::uint8_t>(version >> (8 * index));
  const std::uint32_t crc = crc32c(base::ByteView{bytes}.first(28));
  for (std::size_t index = 0; index < 4; ++index) bytes[28 + index] = static_cast<std::uint8_t>(crc >> (8 * index));
  base::append(bytes, "whatever comes next");
  return bytes;
}

class FormatTest : public ::testing::Test {
 protected:
  FormatTest() {
    std::string name = (fs::temp_directory_path() / "spheregate-format-XXXXXX").string();
    directory = ::mkdtemp(name.data());
  }
  ~FormatTest() override { fs::remove_all(directory); }
  void write(const std::string& name, const base::Bytes& bytes) {
    std::ofstream{directory / name, std::ios::binary}.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  }

  fs::path directory;
};

TEST_F(FormatTest, ofOurOwnIsNotNewer) {
  EXPECT_FALSE(newerSegment(directory / "not there"));
  EXPECT_FALSE(newerSegment(directory));
  write("journal-0000000001.seg", segmentOf(kFormatVersion));
  write("journal-0000000002.seg", {});
  EXPECT_FALSE(newerSegment(directory));
}

TEST_F(FormatTest, thatIsNewerIsFoundWhereverItIs) {
  write("journal-0000000001.seg", segmentOf(kFormatVersion));
  write("journal-0000000002.seg", segmentOf(kFormatVersion + 2, 2));
  write("journal-0000000003.seg", segmentOf(kFormatVersion + 1, 3));
  const auto found = newerSegment(directory);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->version, kFormatVersion + 2);
  EXPECT_EQ(found->file, directory / "journal-0000000002.seg");
}

// A flipped bit in the version is damage, which the CRC shows, and no newer program.
TEST_F(FormatTest, ofADamagedHeaderIsNone) {
  base::Bytes damaged = segmentOf(kFormatVersion);
  damaged[9] ^= 1;
  write("journal-0000000001.seg", damaged);
  write("notes.seg", segmentOf(kFormatVersion + 1));
  fs::create_directory(directory / "journal-0000000002.seg");
  EXPECT_FALSE(newerSegment(directory));
}

TEST_F(FormatTest, thatIsNewerIsNotTakenForDamageByWhoLooks) {
  write("journal-0000000001.seg", segmentOf(kFormatVersion + 1));
  const auto view = StoreView::open(directory);
  ASSERT_FALSE(view);
  EXPECT_NE(view.error().find("newer version"), std::string::npos) << view.error();
}

class NewerStoreTest : public StoreTest {};

TEST_F(NewerStoreTest, isNotTakenForDamage) {
  const std::string name = "journal-0000000001.seg";
  { auto file = disk.create(name); }
  // A header alone would be removed if it were torn.
  base::Bytes header = segmentOf(kFormatVersion + 1);
  header.resize(kSegmentHeaderBytes);
  *disk.content(name) = header;
  start();
  EXPECT_FALSE(custody().isOpen());
  kill();
  ASSERT_NE(disk.content(name), nullptr);
  EXPECT_EQ(*disk.content(name), header);
  EXPECT_TRUE(disk.kept("quarantine").empty());
}

}  // namespace
}  // namespace spheregate::queue
