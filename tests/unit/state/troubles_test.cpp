#include <gtest/gtest.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <future>

#include "keeper.hpp"
#include "unit/state/sqlite_site.hpp"

// Disks, files and processes that are in the way.
namespace spheregate::test {
namespace {

namespace fs = std::filesystem;

void sql(const fs::path& file, const char* text) {
  sqlite3* connection = nullptr;
  ASSERT_EQ(sqlite3_open(file.c_str(), &connection), SQLITE_OK);
  EXPECT_EQ(sqlite3_exec(connection, text, nullptr, nullptr, nullptr), SQLITE_OK) << sqlite3_errmsg(connection);
  sqlite3_close(connection);
}

// A disk on which no file grows beyond `bytes`.
class FullDisk {
 public:
  explicit FullDisk(rlim_t bytes) {
    ::signal(SIGXFSZ, SIG_IGN);
    ::getrlimit(RLIMIT_FSIZE, &before_);
    set(bytes);
  }
  ~FullDisk() { set(before_.rlim_cur); }

 private:
  void set(rlim_t bytes) const {
    const rlimit limit{bytes, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  rlimit before_{};
};

void expectNothing(SqliteSite& site, const std::string& part) {
  EXPECT_FALSE(site.kept->usable());
  EXPECT_NE(site.kept->fault().find(part), std::string::npos) << site.kept->fault();
  EXPECT_NE(site.kept->fault().find(site.directory.string()), std::string::npos) << site.kept->fault();
  int runs = 0;
  const auto change = [&runs](std::optional<std::string>& row) {
    EXPECT_FALSE(row);
    row = "x";
    ++runs;
  };
  std::optional<bool> stored;
  site.kept->change(state::Table::twins, "a", change, [&](bool good) { stored = good; });
  site.core.run([&] { return stored.has_value(); });
  EXPECT_FALSE(*stored);
  EXPECT_FALSE(site.kept->changeAndWait(state::Table::twins, "a", change));
  EXPECT_EQ(runs, 2);
  EXPECT_EQ(site.row("a"), "(none)");
  EXPECT_TRUE(site.kept->all(state::Table::twins).empty());
  EXPECT_EQ(site.damaged(), 0u);
}

TEST(StateTroubles, aFileOfANewerVersionIsRefusedAndNotTouched) {
  SqliteSite site;
  site.open();
  ASSERT_TRUE(site.put("a", "kept"));
  site.close();
  sql(site.file(), "PRAGMA user_version=7");
  site.open();
  expectNothing(site, "schema 7");
  sql(site.file(), "PRAGMA user_version=1");
  site.open();
  EXPECT_EQ(site.row("a"), "kept");
}

TEST(StateTroubles, aFileOfAnotherProgramIsRefusedAndNotTouched) {
  SqliteSite site;
  fs::create_directories(site.directory);
  sql(site.file(), "CREATE TABLE mail(body); INSERT INTO mail VALUES('dear')");
  site.open();
  expectNothing(site, "another program");
  site.close();
  sql(site.file(), "SELECT body FROM mail");
}

TEST(StateTroubles, oneProcessHoldsTheFile) {
  SqliteSite site;
  site.open();
  ASSERT_TRUE(site.put("a", "1"));
  SqliteSite second;
  const fs::path own = std::exchange(second.directory, site.directory);
  second.open();
  expectNothing(second, "another process");
  second.directory = own;
  EXPECT_TRUE(site.put("a", "2"));
}

TEST(StateTroubles, whereNoDirectoryCanBeNothingIsStored) {
  SqliteSite site;
  std::ofstream{site.directory} << "a file";
  site.open();
  expectNothing(site, "state");
}

TEST(StateTroubles, aDirectoryThatMayNotBeWrittenIsSaid) {
  SqliteSite site;
  fs::create_directories(site.directory);
  ::chmod(site.directory.parent_path().c_str(), 0755);
  ::chmod(site.directory.c_str(), 0555);
  const pid_t child = ::fork();
  if (child == 0) {
    if (::getuid() == 0 && ::setuid(65534) != 0) ::_exit(2);
    site.open();
    const bool said = !site.kept->usable() && site.kept->fault().find("Permission denied") != std::string::npos;
    ::_exit(said ? 0 : 1);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  ::chmod(site.directory.c_str(), 0755);
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

TEST(StateTroubles, onlyItsOwnerReadsTheFile) {
  SqliteSite site;
  site.open();
  ASSERT_TRUE(site.put("a", "secret"));
  for (const char* name : {"state.db", "state.db-wal"}) {
    EXPECT_EQ(fs::status(site.directory / name).permissions() & fs::perms::mask, fs::perms::owner_read | fs::perms::owner_write) << name;
  }
}

TEST(StateTroubles, aFullDiskLosesWhatItSaysAndNothingElse) {
  SqliteSite site;
  site.open();
  ASSERT_TRUE(site.put("before", "1"));
  {
    const FullDisk full{256 * 1024};
    int stored = 0;
    for (int n = 0; n < 60; ++n) stored += site.put("n" + std::to_string(n), std::string(20'000, 'x')) ? 1 : 0;
    EXPECT_LT(stored, 60);
    EXPECT_GT(site.changes("failed"), 0u);
    EXPECT_EQ(site.changes("stored"), static_cast<std::uint64_t>(stored + 1));
    EXPECT_TRUE(site.kept->usable()) << "it may have room again";
    EXPECT_EQ(site.row("before"), "1");
    EXPECT_EQ(site.kept->all(state::Table::twins, "n").size(), static_cast<std::size_t>(stored));
  }
  EXPECT_TRUE(site.put("after", "2"));
  site.open();
  EXPECT_EQ(site.row("before"), "1");
  EXPECT_EQ(site.row("after"), "2");
  EXPECT_EQ(site.damaged(), 0u);
}

TEST(StateTroubles, onAFullDiskWhatIsThereCanBeRead) {
  SqliteSite site;
  site.open();
  ASSERT_TRUE(site.put("a", "1"));
  site.close();
  const FullDisk full{1};
  site.open();
  EXPECT_TRUE(site.kept->usable()) << site.kept->fault();
  EXPECT_EQ(site.row("a"), "1");
  EXPECT_FALSE(site.put("b", "1"));
}

TEST(StateTroubles, theLogStaysShort) {
  SqliteSite site;
  site.open();
  for (int round = 0; round < 40; ++round) {
    for (int n = 0; n < 100; ++n) site.kept->put(state::Table::twins, std::to_string(n), std::string(3000, static_cast<char>('a' + round)));
    site.settle();
  }
  EXPECT_LT(fs::file_size(site.file().string() + "-wal"), 9u << 20);
  EXPECT_LT(fs::file_size(site.file()), 2u << 20);
}

TEST(StateTroubles, aFullStoreKeepsWhatItHasAndTakesWhatIsSmaller) {
  SqliteSite site;
  constexpr std::int64_t kPages = state::kPagesSpare + 100;
  state::Keeper keeper{site.directory, kPages};
  ASSERT_EQ(keeper.fault(), "");
  const auto fates = [&](std::vector<std::pair<std::string, std::optional<std::string>>> rows) {
    std::vector<state::Job> jobs;
    for (auto& [key, row] : rows) {
      state::Job job;
      job.key = key;
      job.changes = true;
      job.change = [row = row](std::optional<std::string>& kept) { kept = row; };
      jobs.push_back(std::move(job));
    }
    std::size_t next = 0;
    std::string text;
    while (next < jobs.size()) {
      for (const state::Job& job : keeper.turn(jobs, next).jobs) text += job.fate == state::Fate::stored ? 's' : job.fate == state::Fate::noRoom ? 'n' : '?';
    }
    return text;
  };
  EXPECT_EQ(fates({{"a", std::string(200'000, 'a')}, {"b", std::string(200'000, 'b')}, {"c", "c"}}), "sns");
  EXPECT_EQ(fates({{"a", std::nullopt}, {"b", std::string(200'000, 'b')}}), "ss") << "room again";
  EXPECT_EQ(fates({{"a", std::string(200'000, 'a')}, {"b", "b"}, {"c", "cc"}}), "nss");
}

TEST(StateTroubles, callsBeyondTheBoundAreRefused) {
  SqliteSite site;
  site.open();
  std::promise<void> go;
  std::shared_future<void> gone = go.get_future().share();
  site.kept->change(state::Table::twins, "gate", [gone](std::optional<std::string>&) { gone.wait(); }, {});
  constexpr int kBeyond = 10;
  int runs = 0;
  int refused = 0;
  std::vector<int> order;
  for (int n = 1; n < static_cast<int>(state::kCallsMax) + kBeyond; ++n) {
    site.kept->change(state::Table::twins, std::to_string(n % 10), [&runs](std::optional<std::string>& row) {
      ++runs;
      row = "x";
    }, [&, n](bool stored) {
      if (stored) order.push_back(n);
      else ++refused;
    });
  }
  site.core.run([&] { return refused == kBeyond; });
  EXPECT_TRUE(order.empty()) << "refusals overtake";
  EXPECT_EQ(runs, kBeyond);
  go.set_value();
  site.core.run([&] { return order.size() == state::kCallsMax - 1; });
  EXPECT_TRUE(std::is_sorted(order.begin(), order.end()));
  EXPECT_EQ(runs, static_cast<int>(state::kCallsMax) - 1 + kBeyond);
  EXPECT_EQ(site.changes("refused"), static_cast<std::uint64_t>(kBeyond));
  EXPECT_TRUE(site.put("later", "x"));
}

TEST(StateTroubles, destructionStoresWhatWasGivenAndCallsNobody) {
  SqliteSite site;
  site.open();
  bool called = false;
  for (int n = 0; n < 100; ++n) site.kept->put(state::Table::twins, std::to_string(n), "x", [&](bool) { called = true; });
  site.close();
  site.open();
  EXPECT_EQ(site.row("99"), "x");
  EXPECT_FALSE(called);
}

TEST(StateTroubles, aCallbackMayEndTheStore) {
  SqliteSite site;
  site.open();
  bool ended = false;
  site.kept->put(state::Table::twins, "a", "1", [&](bool) {
    site.close();
    ended = true;
  });
  site.kept->put(state::Table::twins, "b", "1", [&](bool) { ADD_FAILURE() << "called after the end"; });
  site.core.run([&] { return ended; });
  site.open();
  EXPECT_EQ(site.row("b"), "1");
}

TEST(OlderFile, getsTheTablesThatItMisses) {
  SqliteSite site;
  site.open();
  EXPECT_TRUE(site.put("a", "1"));
  site.close();
  sql(site.file(), "DROP TABLE known_devices");
  site.open();
  EXPECT_TRUE(site.kept->usable());
  EXPECT_EQ(site.row("a"), "1");
  site.kept->put(state::Table::knownDevices, "d", "2");
  site.settle();
  EXPECT_EQ(site.kept->all(state::Table::knownDevices), (state::Rows{{"d", "2"}}));
}

// The way that docs/operations.md names to take back a floor of the clock.
TEST(OlderFile, mayLoseARowByHand) {
  SqliteSite site;
  site.open();
  site.kept->put(state::Table::gateway, "clock_floor", "1 4070908800");
  site.settle();
  site.close();
  sql(site.file(), "DELETE FROM gateway WHERE key = CAST('clock_floor' AS BLOB)");
  site.open();
  EXPECT_TRUE(site.kept->usable());
  EXPECT_TRUE(site.kept->all(state::Table::gateway).empty());
}

}  // namespace
}  // namespace spheregate::test
