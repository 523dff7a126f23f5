#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "spheregate/queue/disk.hpp"

// What every Disk must do. Make a fixture with `queue::Disk& disk()` and `void reopen()` (a new process on the same files), and
// instantiate DiskContract with it.
namespace spheregate::test {

template <class Fixture>
class DiskContract : public ::testing::Test {
 protected:
  queue::Disk& disk() { return fixture_.disk(); }
  void reopen() { fixture_.reopen(); }
  void write(std::string_view name, std::string_view text) {
    auto file = disk().create(name);
    ASSERT_TRUE(file) << file.error().message();
    ASSERT_TRUE((*file)->append(base::asBytes(text)));
    ASSERT_TRUE((*file)->sync());
  }
  std::string read(std::string_view name) {
    auto file = disk().open(name);
    if (!file) return "(" + file.error().message() + ")";
    const auto bytes = (*file)->read(0, 1 << 20);
    return bytes ? std::string{base::asText(*bytes)} : "(unreadable)";
  }
  std::string names(std::string_view subdirectory = {}) {
    const auto found = disk().list(subdirectory);
    if (!found) return "(" + found.error().message() + ")";
    std::vector<std::string> sorted;
    for (const queue::DiskEntry& entry : *found) {
      if (entry.regular) sorted.push_back(entry.name + ":" + std::to_string(entry.bytes));
    }
    std::sort(sorted.begin(), sorted.end());
    std::string text;
    for (const std::string& name : sorted) text += name + " ";
    return text;
  }

 private:
  Fixture fixture_;
};

TYPED_TEST_SUITE_P(DiskContract);

TYPED_TEST_P(DiskContract, appendsAtTheEndAndReadsAnywhere) {
  auto file = this->disk().create("a");
  ASSERT_TRUE(file);
  ASSERT_TRUE((*file)->append(base::asBytes("hello ")));
  ASSERT_TRUE((*file)->append(base::asBytes("world")));
  EXPECT_EQ(*(*file)->size(), 11u);
  EXPECT_EQ(base::asText(*(*file)->read(3, 5)), "lo wo");
  EXPECT_EQ(base::asText(*(*file)->read(6, 100)), "world");
  EXPECT_TRUE((*file)->read(11, 4)->empty());
  EXPECT_TRUE((*file)->read(1000, 4)->empty());
}

TYPED_TEST_P(DiskContract, createsOnlyWhatIsNotThereAndOpensOnlyWhatIs) {
  this->write("a", "1");
  EXPECT_FALSE(this->disk().create("a"));
  EXPECT_FALSE(this->disk().open("b"));
  EXPECT_FALSE(this->disk().remove("b"));
  EXPECT_FALSE(this->disk().setAside("b", "quarantine"));
  EXPECT_EQ(this->read("a"), "1");
}

TYPED_TEST_P(DiskContract, listsFilesWithTheirSizes) {
  EXPECT_EQ(this->names(), "");
  this->write("b", "22");
  this->write("a", "1");
  EXPECT_EQ(this->names(), "a:1 b:2 ");
  ASSERT_TRUE(this->disk().remove("a"));
  EXPECT_EQ(this->names(), "b:2 ");
}

TYPED_TEST_P(DiskContract, setsAsideOverAnOlderFileOfThatName) {
  EXPECT_EQ(this->names("quarantine"), "");
  this->write("a", "old");
  ASSERT_TRUE(this->disk().setAside("a", "quarantine"));
  this->write("a", "newer");
  ASSERT_TRUE(this->disk().setAside("a", "quarantine"));
  EXPECT_EQ(this->names(), "");
  EXPECT_EQ(this->names("quarantine"), "a:5 ");
}

TYPED_TEST_P(DiskContract, aRemovedFileCanStillBeReadByWhoHasItOpen) {
  this->write("a", "kept");
  auto file = this->disk().open("a");
  ASSERT_TRUE(file);
  ASSERT_TRUE(this->disk().remove("a"));
  EXPECT_EQ(base::asText(*(*file)->read(0, 10)), "kept");
}

TYPED_TEST_P(DiskContract, whatWasWrittenOutlivesTheProcess) {
  this->write("a", "one");
  this->write("b", "two");
  ASSERT_TRUE(this->disk().setAside("b", "quarantine"));
  ASSERT_TRUE(this->disk().syncDirectory());
  this->reopen();
  EXPECT_EQ(this->read("a"), "one");
  EXPECT_EQ(this->names("quarantine"), "b:3 ");
  auto file = this->disk().open("a");
  ASSERT_TRUE((*file)->append(base::asBytes(" more")));
  EXPECT_EQ(this->read("a"), "one more");
}

REGISTER_TYPED_TEST_SUITE_P(DiskContract, appendsAtTheEndAndReadsAnywhere, createsOnlyWhatIsNotThereAndOpensOnlyWhatIs,
                            listsFilesWithTheirSizes, setsAsideOverAnOlderFileOfThatName, aRemovedFileCanStillBeReadByWhoHasItOpen,
                            whatWasWrittenOutlivesTheProcess);

}  // namespace spheregate::test
