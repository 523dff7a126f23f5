#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "database.hpp"
#include "limits.hpp"
#include "spheregate/state/store.hpp"

namespace spheregate::state {

// What became of a change.
enum class Fate : std::uint8_t { stored, failed, tooLarge, noRoom };

// One call on its way through the store's thread. It changes a row, or reads one, or reads many.
struct Job {
  Table table{};
  std::string key;
  Change change;
  Store::Done done;
  Store::Give give;
  // Runs on the store's thread when the fate is known, for somebody who waits.
  Store::Done waiter;
  Rows* rows = nullptr;
  std::size_t rowsMax = 0;
  // The answer.
  Fate fate = Fate::stored;
  std::optional<std::string> row;
  bool changes = false;
};

// What one turn tells the core thread.
struct Turn {
  std::vector<Job> jobs;
  std::string fault;                // why there is no database; empty while there is one
  std::vector<std::string> damage;  // what was wrong with files that were given up in this turn
  std::string failure;              // why the transaction failed, when not for that
  std::optional<double> commitSeconds;
  std::uint64_t bytes = 0;
};

// Does the jobs on a database, many in one transaction, and begins a new file where the old one is damaged. On the store's thread,
// except that it is made before that runs.
class Keeper {
 public:
  explicit Keeper(const std::filesystem::path& directory, std::int64_t pagesMax = kPagesMax);
  // Takes from the front of `jobs` what one transaction may cover, and does it.
  Turn turn(std::vector<Job>& jobs, std::size_t& next);
  const std::string& fault() const { return fault_; }
  // What was wrong with files given up since the last time.
  std::vector<std::string> takeDamage() { return std::exchange(damage_, {}); }
  std::uint64_t bytes() { return database_ ? database_->bytes() : 0; }

 private:
  void openFile();
  void beginAnew(const std::string& why);
  bool moveAway(const std::string& why);
  Outcome perform(Job& job, bool& began, std::size_t& bytes);
  Outcome changeRow(Job& job, bool& began, std::size_t& bytes);
  Outcome readRows(Job& job);
  void undo(std::vector<Job>& jobs, Outcome why, Turn& turn);

  std::filesystem::path file_;
  std::int64_t pagesMax_;
  std::unique_ptr<Database> database_;
  std::string fault_;
  std::vector<std::string> damage_;
  int freshStarts_ = 0;
};

}  // namespace spheregate::state
