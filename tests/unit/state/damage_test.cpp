#include <gtest/gtest.h>

#include <fstream>
#include <random>

#include "unit/state/sqlite_site.hpp"

// Files that are not what was written.
namespace spheregate::test {
namespace {

namespace fs = std::filesystem;

constexpr int kRows = 400;
constexpr std::uintmax_t kPage = 4096;

class Damage : public ::testing::Test {
 protected:
  void fill() {
    site_.open();
    for (int n = 0; n < kRows; ++n) site_.kept->put(state::Table::twins, std::to_string(n), std::string(3000, 'x'));
    site_.settle();
    site_.close();
  }
  void overwrite(std::uintmax_t page, const std::string& bytes) {
    std::fstream file{site_.file(), std::ios::in | std::ios::out | std::ios::binary};
    file.seekp(static_cast<std::streamoff>(page * kPage));
    file << bytes;
  }
  fs::path aside(int number) const { return site_.file().string() + ".damaged-" + std::to_string(number); }

  SqliteSite site_;
};

TEST_F(Damage, aTornFileIsSetAsideAndANewOneBegun) {
  fill();
  const auto size = fs::file_size(site_.file());
  fs::resize_file(site_.file(), size / 2);
  site_.open();
  EXPECT_TRUE(site_.kept->usable()) << site_.kept->fault();
  EXPECT_EQ(site_.damaged(), 1u);
  EXPECT_EQ(fs::file_size(aside(1)), size / 2);
  EXPECT_EQ(site_.row("1"), "(none)");
  EXPECT_TRUE(site_.put("1", "new"));
  site_.open();
  EXPECT_EQ(site_.damaged(), 0u);
  EXPECT_EQ(site_.row("1"), "new");
}

TEST_F(Damage, whatIsNoDatabaseIsSetAside) {
  for (const std::string& content : {std::string(10'000, '\0'), std::string(5000, 'x'), std::string{"SQLite format 3"}}) {
    fill();
    fs::resize_file(site_.file(), 0);
    overwrite(0, content);
    site_.open();
    EXPECT_TRUE(site_.kept->usable()) << site_.kept->fault();
    EXPECT_EQ(site_.damaged(), 1u) << content.size();
    EXPECT_TRUE(site_.put("1", "new"));
  }
}

TEST_F(Damage, anEmptyFileIsABeginning) {
  fill();
  fs::resize_file(site_.file(), 0);
  site_.open();
  EXPECT_TRUE(site_.put("1", "new"));
  EXPECT_EQ(site_.damaged(), 0u);
}

TEST_F(Damage, noZeroedOrGarbledPageGivesAWrongRow) {
  fill();
  const std::uintmax_t pages = fs::file_size(site_.file()) / kPage;
  const fs::path whole = site_.directory.parent_path() / "whole";
  fs::copy_file(site_.file(), whole);
  std::mt19937_64 random{7};
  std::string garbage(kPage, '\0');
  for (char& c : garbage) c = static_cast<char>(random());
  for (std::uintmax_t page = 0; page < pages; page += 1 + random() % 120) {
    for (const std::string& bytes : {std::string(kPage, '\0'), garbage}) {
      fs::copy_file(whole, site_.file(), fs::copy_options::overwrite_existing);
      overwrite(page, bytes);
      site_.open();
      EXPECT_TRUE(site_.kept->usable()) << site_.kept->fault();
      for (int n = 0; n < kRows; ++n) {
        const std::string row = site_.row(std::to_string(n));
        EXPECT_TRUE(row == "(none)" || row == std::string(3000, 'x')) << page;
      }
      EXPECT_EQ(site_.damaged(), 1u) << page;
      EXPECT_TRUE(site_.put("1", "new"));
      site_.close();
    }
  }
}

TEST_F(Damage, aFileThatIsDamagedInOperationIsSetAsideThen) {
  // More than SQLite keeps in memory.
  for (int round = 0; round < 5; ++round) fill();
  site_.open();
  for (int n = 0; n < 3000; ++n) site_.kept->put(state::Table::sessions, std::to_string(n), std::string(3000, 'y'));
  site_.settle();
  const std::uintmax_t pages = fs::file_size(site_.file()) / kPage;
  for (std::uintmax_t page = 0; page < pages; ++page) overwrite(page, std::string(kPage, '\0'));
  int lost = 0;
  for (int n = 0; n < kRows; ++n) lost += site_.row(std::to_string(n)) == "(none)" ? 1 : 0;
  EXPECT_GT(lost, 0);
  EXPECT_EQ(site_.damaged(), 1u);
  EXPECT_TRUE(site_.kept->usable()) << site_.kept->fault();
  EXPECT_TRUE(site_.put("1", "new"));
  EXPECT_EQ(site_.row("1"), "new");
  EXPECT_TRUE(fs::exists(aside(1)));
}

TEST_F(Damage, changesOnADamagedFileAreNotStoredAndRunOnce) {
  fill();
  site_.open();
  for (int n = 0; n < 3000; ++n) site_.kept->put(state::Table::sessions, std::to_string(n), std::string(3000, 'y'));
  site_.settle();
  const std::uintmax_t pages = fs::file_size(site_.file()) / kPage;
  for (std::uintmax_t page = 0; page < pages; ++page) overwrite(page, std::string(kPage, '\0'));
  int runs = 0;
  int answers = 0;
  std::uint64_t stored = 0;
  for (int n = 0; n < kRows; ++n) {
    site_.kept->change(state::Table::twins, std::to_string(n), [&runs](std::optional<std::string>& row) {
      ++runs;
      row = "new";
    }, [&](bool good) {
      ++answers;
      stored += good ? 1 : 0;
    });
  }
  site_.settle();
  EXPECT_EQ(runs, kRows);
  EXPECT_EQ(answers, kRows);
  EXPECT_LT(stored, static_cast<std::uint64_t>(kRows));
  EXPECT_EQ(site_.damaged(), 1u);
  EXPECT_EQ(site_.kept->all(state::Table::twins).size(), stored) << "what was said to be stored, and nothing else";
}

TEST_F(Damage, keepsABoundedNumberOfDamagedFiles) {
  for (int round = 0; round < 5; ++round) {
    fill();
    fs::resize_file(site_.file(), 6000);
    site_.open();
    EXPECT_EQ(site_.damaged(), 1u);
    site_.close();
  }
  EXPECT_FALSE(fs::exists(aside(1)));
  EXPECT_FALSE(fs::exists(aside(2)));
  for (const int number : {3, 4, 5}) EXPECT_TRUE(fs::exists(aside(number)));
}

TEST_F(Damage, aDiskThatSpoilsEveryFileIsGivenUp) {
  fill();
  site_.open();
  int files = 0;
  while (site_.kept->usable() && files < 100) {
    ++files;
    // SQLite reads it again when more was changed than it keeps in memory.
    for (int n = 0; n < 2000; ++n) site_.kept->put(state::Table::sessions, std::to_string(n), std::string(3000, 'y'));
    site_.settle();
    const std::uintmax_t pages = fs::file_size(site_.file()) / kPage;
    for (std::uintmax_t page = 0; page < pages; ++page) overwrite(page, std::string(kPage, 'x'));
    for (int n = 0; n < 2000; ++n) site_.kept->put(state::Table::sessions, std::to_string(n), "z");
    site_.settle();
  }
  EXPECT_EQ(files, 9);
  EXPECT_EQ(site_.damaged(), 9u);
  EXPECT_NE(site_.kept->fault().find("check the disk"), std::string::npos) << site_.kept->fault();
  EXPECT_FALSE(site_.put("1", "x"));
  EXPECT_EQ(site_.row("1"), "(none)");
}

}  // namespace
}  // namespace spheregate::test
