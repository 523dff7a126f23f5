#include <gtest/gtest.h>
#include <sqlite3.h>

#include <filesystem>
#include <fstream>
#include <future>
#include <iterator>
#include <map>
#include <string>

#include "spheregate/state/schema.hpp"
#include "unit/state/sqlite_site.hpp"

// Files of other versions, and who watches over the store's thread.
namespace spheregate::test {
namespace {

namespace fs = std::filesystem;

using Files = std::map<std::string, std::string>;

Files filesIn(const fs::path& directory) {
  Files files;
  for (const auto& entry : fs::directory_iterator{directory}) {
    std::ifstream stream{entry.path(), std::ios::binary};
    files[entry.path().filename().string()] = {std::istreambuf_iterator<char>{stream}, {}};
  }
  return files;
}

// Makes the file one of this version, as another program would: what it does is in the log, or in the file itself when it is closed.
class Newer {
 public:
  Newer(SqliteSite& site, int version) {
    site.open();
    EXPECT_TRUE(site.put("a", "kept"));
    site.close();
    EXPECT_EQ(sqlite3_open(site.file().c_str(), &connection_), SQLITE_OK);
    const std::string sql = "PRAGMA wal_autocheckpoint=0; PRAGMA user_version=" + std::to_string(version) + "; CREATE TABLE more(x)";
    EXPECT_EQ(sqlite3_exec(connection_, sql.c_str(), nullptr, nullptr, nullptr), SQLITE_OK);
  }
  ~Newer() { sqlite3_close(connection_); }
  Newer(const Newer&) = delete;
  Newer& operator=(const Newer&) = delete;

 private:
  sqlite3* connection_ = nullptr;
};

TEST(Schema, isNotNewerWhereNothingIsOrOursIs) {
  SqliteSite site;
  EXPECT_EQ(state::newerSchema(site.directory), std::nullopt);
  site.open();
  ASSERT_TRUE(site.put("a", "1"));
  EXPECT_EQ(state::newerSchema(site.directory), std::nullopt) << "it is locked, too";
  site.close();
  EXPECT_EQ(state::newerSchema(site.directory), std::nullopt);
  std::ofstream{site.file()} << std::string(4096, 'x');
  EXPECT_EQ(state::newerSchema(site.directory), std::nullopt) << "damage is another matter";
}

TEST(Schema, isFoundInTheFileAndNothingIsChanged) {
  SqliteSite site;
  { const Newer closed{site, 7}; }
  const Files before = filesIn(site.directory);
  ASSERT_EQ(before.size(), 1u);
  EXPECT_EQ(state::newerSchema(site.directory), 7);
  EXPECT_EQ(filesIn(site.directory), before);
}

TEST(Schema, isFoundInTheLogAndNothingIsChanged) {
  SqliteSite site;
  SqliteSite killed;
  {
    const Newer open{site, 7};
    fs::copy(site.directory, killed.directory, fs::copy_options::recursive);
    // A process that locks the file has no index of the log on the disk.
    fs::remove(killed.directory / "state.db-shm");
  }
  const Files before = filesIn(killed.directory);
  ASSERT_EQ(before.size(), 2u);
  ASSERT_EQ(before.at("state.db")[63], 1) << "the file itself must not say it";
  EXPECT_EQ(state::newerSchema(killed.directory), 7);
  EXPECT_EQ(filesIn(killed.directory), before);
}

// Also where the store is opened all the same.
TEST(Schema, theLogOfANewerFileIsNotCopiedIntoIt) {
  SqliteSite site;
  SqliteSite killed;
  {
    const Newer open{site, 7};
    fs::copy(site.directory, killed.directory, fs::copy_options::recursive);
    fs::remove(killed.directory / "state.db-shm");
  }
  const Files before = filesIn(killed.directory);
  killed.open();
  EXPECT_NE(killed.kept->fault().find("schema 7"), std::string::npos) << killed.kept->fault();
  killed.close();
  EXPECT_EQ(filesIn(killed.directory), before);
}

TEST(Knock, isAnsweredAfterWhatWasGivenBefore) {
  SqliteSite site;
  site.open();
  std::string order;
  site.kept->put(state::Table::twins, "a", "1", [&](bool) { order += "put "; });
  site.kept->knock([&] { order += "knock"; });
  EXPECT_EQ(order, "");
  site.core.run([&] { return order.ends_with("knock"); });
  EXPECT_EQ(order, "put knock");
}

// A refusal comes from the core thread, so it says nothing about the store's.
TEST(Knock, isNeverRefused) {
  SqliteSite site;
  site.open();
  std::promise<void> go;
  std::shared_future<void> gone = go.get_future().share();
  site.kept->change(state::Table::twins, "gate", [gone](std::optional<std::string>&) { gone.wait(); }, {});
  std::size_t answers = 0;
  std::size_t refused = 0;
  for (std::size_t n = 0; n < state::kCallsMax; ++n) {
    site.kept->read(state::Table::twins, "a", [&, n](const std::optional<std::string>&) { (n + 1 < state::kCallsMax ? answers : refused) += 1; });
  }
  bool knocked = false;
  site.kept->knock([&] { knocked = true; });
  site.core.run([&] { return refused == 1; });
  EXPECT_FALSE(knocked);
  EXPECT_EQ(answers, 0u);
  go.set_value();
  site.core.run([&] { return knocked; });
  EXPECT_EQ(answers, state::kCallsMax - 1);
}

}  // namespace
}  // namespace spheregate::test
