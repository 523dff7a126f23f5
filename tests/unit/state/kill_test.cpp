#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <random>

#include "unit/state/sqlite_site.hpp"

// SIGKILL in the middle of changes: what was said to be stored is there, and a row is one of those that were given.
namespace spheregate::test {
namespace {

constexpr int kKeys = 40;

// Counts each of the keys up, for ever, and tells the pipe every number that is stored.
[[noreturn]] void countForEver(SqliteSite& site, int pipe, int from) {
  site.open();
  int sent = from;
  int open = 0;
  while (true) {
    while (open < 200) {
      const int number = ++sent;
      ++open;
      site.kept->put(state::Table::twins, std::to_string(number % kKeys), std::to_string(number) + std::string(static_cast<std::size_t>(number % 3000), '.'),
                     [&open, pipe, number](bool stored) {
                       --open;
                       if (stored && ::write(pipe, &number, sizeof number) != sizeof number) ::_exit(1);
                     });
    }
    site.core.run([&] { return open < 100; });
  }
}

struct Heard {
  std::array<int, kKeys> stored{};
  int last = 0;
};

void playAndKill(SqliteSite& site, Heard& heard, std::size_t numbers) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe(ends.data()), 0);
  const pid_t child = ::fork();
  if (child == 0) countForEver(site, ends[1], heard.last + 10'000);
  ::close(ends[1]);
  int number = 0;
  const auto note = [&] {
    if (::read(ends[0], &number, sizeof number) != sizeof number) return false;
    heard.stored[static_cast<std::size_t>(number % kKeys)] = number;
    heard.last = number;
    return true;
  };
  for (std::size_t n = 0; n < numbers && note(); ++n) {
  }
  ::kill(child, SIGKILL);
  while (note()) {
  }
  ::waitpid(child, nullptr, 0);
  ::close(ends[0]);
}

void check(SqliteSite& site, const Heard& heard) {
  for (int key = 0; key < kKeys; ++key) {
    const int stored = heard.stored[static_cast<std::size_t>(key)];
    if (stored == 0) continue;
    const std::string row = site.row(std::to_string(key));
    const int found = std::stoi(row);
    EXPECT_GE(found, stored) << key;
    EXPECT_EQ(found % kKeys, key);
    EXPECT_EQ(row.size(), std::to_string(found).size() + static_cast<std::size_t>(found % 3000));
  }
}

TEST(StateKill, keepsEverythingThatWasSaidToBeStored) {
  std::mt19937_64 random{7};
  SqliteSite site;
  Heard heard;
  for (int round = 0; round < 12; ++round) {
    playAndKill(site, heard, 1 + random() % 3000);
    site.open();
    ASSERT_TRUE(site.kept->usable()) << site.kept->fault();
    EXPECT_EQ(site.damaged(), 0u);
    check(site, heard);
    site.close();
  }
}

TEST(StateKill, aLogThatIsTornGivesItsEarlierTransactions) {
  std::mt19937_64 random{11};
  SqliteSite site;
  for (int round = 0; round < 10; ++round) {
    Heard heard;
    playAndKill(site, heard, 300);
    const std::string log = site.file().string() + "-wal";
    const auto size = std::filesystem::file_size(log);
    if (round % 2 == 0) {
      std::filesystem::resize_file(log, random() % size);
    } else {
      std::fstream file{log, std::ios::in | std::ios::out | std::ios::binary};
      file.seekp(static_cast<std::streamoff>(random() % size));
      file << std::string(500, 'Z');
    }
    site.open();
    EXPECT_TRUE(site.kept->usable()) << site.kept->fault();
    EXPECT_EQ(site.damaged(), 0u);
    for (const auto& [key, row] : site.kept->all(state::Table::twins)) EXPECT_EQ(std::stoi(row) % kKeys, std::stoi(key));
    EXPECT_TRUE(site.put("x", "0"));
    EXPECT_EQ(site.row("x"), "0");
    site.kept->erase(state::Table::twins, "x");
    site.close();
  }
}

}  // namespace
}  // namespace spheregate::test
