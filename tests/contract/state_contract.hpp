#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "spheregate/state/store.hpp"

// What every state::Store must do. Make a fixture with `state::Store& store()`, `void settle()` (until every callback has come),
// `void reopen()` (a new process on the same rows) and `static constexpr bool threaded`, and instantiate StateContract with it.
namespace spheregate::test {

template <class Fixture>
class StateContract : public ::testing::Test {
 protected:
  state::Store& store() { return fixture_.store(); }
  void settle() { fixture_.settle(); }
  void reopen() { fixture_.reopen(); }
  std::string row(const std::string& key, state::Table table = state::Table::twins) {
    std::string found = "(no answer)";
    store().read(table, key, [&](std::optional<std::string> row) { found = row.value_or("(none)"); });
    settle();
    return found;
  }
  bool waitsFor(const std::string& key, const state::Change& change) {
    if (!Fixture::threaded) return store().changeAndWait(state::Table::cloudMessages, key, change);
    bool stored = false;
    std::thread{[&] { stored = store().changeAndWait(state::Table::cloudMessages, key, change); }}.join();
    return stored;
  }

 private:
  Fixture fixture_;
};

TYPED_TEST_SUITE_P(StateContract);

TYPED_TEST_P(StateContract, storesChangesAndErases) {
  EXPECT_TRUE(this->store().usable()) << this->store().fault();
  EXPECT_EQ(this->row("a"), "(none)");
  int stored = 0;
  const auto count = [&](bool good) { stored += good ? 1 : 100; };
  this->store().put(state::Table::twins, "a", "1", count);
  EXPECT_EQ(stored, 0) << "never inside the call";
  this->store().change(state::Table::twins, "a", [](std::optional<std::string>& row) { row = row.value_or("none") + "+2"; }, count);
  this->settle();
  EXPECT_EQ(stored, 2);
  EXPECT_EQ(this->row("a"), "1+2");
  EXPECT_EQ(this->row("a", state::Table::sessions), "(none)") << "tables are apart";
  this->store().erase(state::Table::twins, "a", count);
  this->store().erase(state::Table::twins, "never there", count);
  EXPECT_EQ(this->row("a"), "(none)");
  EXPECT_EQ(stored, 4);
}

TYPED_TEST_P(StateContract, answersInTheOrderOfTheCalls) {
  std::vector<std::string> heard;
  for (int n = 0; n < 5; ++n) {
    const std::string text = std::to_string(n);
    this->store().put(state::Table::twins, "key", text, [&heard, text](bool) { heard.push_back("put " + text); });
    this->store().read(state::Table::twins, "key", [&heard](std::optional<std::string> row) { heard.push_back("is " + row.value_or("none")); });
  }
  EXPECT_TRUE(heard.empty());
  this->settle();
  EXPECT_EQ(heard, (std::vector<std::string>{"put 0", "is 0", "put 1", "is 1", "put 2", "is 2", "put 3", "is 3", "put 4", "is 4"}));
}

TYPED_TEST_P(StateContract, aChangeRunsOnceAndOwnsWhatItUses) {
  const auto runs = std::make_shared<int>(0);
  this->store().change(state::Table::gateway, "k", [runs](std::optional<std::string>& row) { row = std::to_string(++*runs); }, {});
  this->store().put(state::Table::gateway, "no callback", "x");
  this->settle();
  EXPECT_EQ(*runs, 1);
  EXPECT_EQ(runs.use_count(), 1) << "the change is gone when it has run";
  EXPECT_EQ(this->row("k", state::Table::gateway), "1");
}

TYPED_TEST_P(StateContract, callbacksMayAskForMore) {
  std::string found;
  this->store().put(state::Table::twins, "a", "x", [&](bool) {
    this->store().put(state::Table::twins, "a", "y", [&](bool) {
      this->store().read(state::Table::twins, "a", [&](std::optional<std::string> row) { found = row.value_or("none"); });
    });
  });
  for (int n = 0; n < 3; ++n) this->settle();
  EXPECT_EQ(found, "y");
}

TYPED_TEST_P(StateContract, keepsAnyBytes) {
  std::string key{"k\0\xFF\"'", 5};
  std::string row(300'000, '\0');
  row += "\xFF\xFE;DROP TABLE twins";
  this->store().put(state::Table::twins, key, row);
  this->store().put(state::Table::twins, "", "");
  EXPECT_EQ(this->row(key), row);
  EXPECT_EQ(this->row(""), "") << "an empty row is a row";
}

TYPED_TEST_P(StateContract, refusesWhatIsTooLongAndKeepsWhatWasThere) {
  std::vector<bool> stored;
  const auto note = [&](bool good) { stored.push_back(good); };
  this->store().put(state::Table::twins, "a", "old", note);
  this->store().put(state::Table::twins, "a", std::string(state::kRowBytesMax + 1, 'x'), note);
  this->store().put(state::Table::twins, "b", std::string(state::kRowBytesMax, 'x'), note);
  this->store().put(state::Table::twins, std::string(state::kKeyBytesMax + 1, 'k'), "x", note);
  this->store().put(state::Table::twins, std::string(state::kKeyBytesMax, 'k'), "x", note);
  this->settle();
  EXPECT_EQ(stored, (std::vector<bool>{true, false, true, false, true}));
  EXPECT_EQ(this->row("a"), "old");
}

TYPED_TEST_P(StateContract, listsRowsByPrefixInOrder) {
  for (const char* key : {"b/2", "a", "b/10", "b", "c", "b/1", "b0"}) this->store().put(state::Table::assignments, key, std::string{"row "} + key);
  state::Rows rows = this->store().all(state::Table::assignments, "b/");
  ASSERT_EQ(rows.size(), 3u) << "all that was given before";
  EXPECT_EQ(rows[0], (std::pair<std::string, std::string>{"b/1", "row b/1"}));
  EXPECT_EQ(rows[1].first, "b/10");
  EXPECT_EQ(rows[2].first, "b/2");
  EXPECT_EQ(this->store().all(state::Table::assignments).size(), 7u);
  EXPECT_EQ(this->store().all(state::Table::assignments, {}, 2).size(), 2u);
  EXPECT_EQ(this->store().all(state::Table::assignments, "b/", 2).size(), 2u);
  EXPECT_TRUE(this->store().all(state::Table::assignments, "d").empty());
  EXPECT_TRUE(this->store().all(state::Table::twins).empty());
}

TYPED_TEST_P(StateContract, aThreadMayWaitForItsChange) {
  this->store().put(state::Table::cloudMessages, "m", "1");
  EXPECT_TRUE(this->waitsFor("m", [](std::optional<std::string>& row) { row = row.value_or("none") + "2"; }));
  EXPECT_EQ(this->row("m", state::Table::cloudMessages), "12");
  EXPECT_FALSE(this->waitsFor("m", [](std::optional<std::string>& row) { row = std::string(state::kRowBytesMax + 1, 'x'); }));
  EXPECT_EQ(this->row("m", state::Table::cloudMessages), "12");
}

TYPED_TEST_P(StateContract, whatWasStoredOutlivesTheProcess) {
  this->store().put(state::Table::twins, "a", "1");
  this->store().put(state::Table::sessions, "b", "2");
  this->store().put(state::Table::sessions, "c", "3");
  this->store().erase(state::Table::sessions, "c");
  this->settle();
  this->reopen();
  EXPECT_TRUE(this->store().usable());
  EXPECT_EQ(this->row("a"), "1");
  EXPECT_EQ(this->row("b", state::Table::sessions), "2");
  EXPECT_EQ(this->row("c", state::Table::sessions), "(none)");
}

REGISTER_TYPED_TEST_SUITE_P(StateContract, storesChangesAndErases, answersInTheOrderOfTheCalls, aChangeRunsOnceAndOwnsWhatItUses,
                            callbacksMayAskForMore, keepsAnyBytes, refusesWhatIsTooLongAndKeepsWhatWasThere, listsRowsByPrefixInOrder,
                            aThreadMayWaitForItsChange, whatWasStoredOutlivesTheProcess);

}  // namespace spheregate::test
