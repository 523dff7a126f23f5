#include "keeper.hpp"

#include <sys/stat.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <utility>

#include "set_aside.hpp"

namespace spheregate::state {

Keeper::Keeper(const std::filesystem::path& directory, std::int64_t pagesMax) : file_{directory / "state.db"}, pagesMax_{pagesMax} {
  std::error_code ignored;
  std::filesystem::create_directories(directory.parent_path(), ignored);
  if (::mkdir(directory.c_str(), 0700) != 0 && errno != EEXIST) {
    fault_ = directory.string() + ": cannot make the directory: " + std::strerror(errno) + "; check its owner and mode";
    return;
  }
  syncDirectory(directory.parent_path());
  openFile();
}

void Keeper::openFile() {
  Database::Opened opened;
  do {
    opened = Database::open(file_, pagesMax_);
  } while (opened.damaged && moveAway(opened.fault));
  database_ = std::move(opened.database);
  if (database_) {
    fault_.clear();
    syncDirectory(file_.parent_path());
  } else if (!opened.damaged) {
    fault_ = std::move(opened.fault);
  }
}

void Keeper::beginAnew(const std::string& why) {
  database_->abandon();
  database_.reset();
  if (moveAway(file_.string() + ": " + why)) openFile();
}

// Whether a new file may be begun.
bool Keeper::moveAway(const std::string& why) {
  fault_ = why;
  damage_.push_back(why);
  if (++freshStarts_ > kFreshStartsMax) {
    fault_ += "; that was once too often: check the disk and restart the gateway";
    return false;
  }
  const std::string name = setAside(file_);
  if (name.empty()) {
    fault_ += "; it cannot be moved out of the way: move it and restart the gateway";
    return false;
  }
  damage_.back() += "; now " + name;
  return true;
}

Turn Keeper::turn(std::vector<Job>& jobs, std::size_t& next) {
  const auto start = std::chrono::steady_clock::now();
  Turn turn;
  bool began = false;
  std::size_t bytes = 0;
  Outcome outcome = Outcome::good;
  while (next < jobs.size() && turn.jobs.size() < kCommitJobsMax && bytes < kCommitBytesMax && outcome == Outcome::good) {
    turn.jobs.push_back(std::move(jobs[next++]));
    outcome = perform(turn.jobs.back(), began, bytes);
  }
  if (began && outcome == Outcome::good) outcome = database_->commit();
  if (began) turn.commitSeconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  if (outcome != Outcome::good) undo(turn.jobs, outcome, turn);
  turn.fault = fault_;
  turn.damage = takeDamage();
  turn.bytes = this->bytes();
  return turn;
}

// None of the changes is stored, and what was read between them is not so.
void Keeper::undo(std::vector<Job>& jobs, Outcome why, Turn& turn) {
  const std::string fault = database_->fault();
  database_->rollBack();
  if (why == Outcome::damaged) beginAnew(fault);
  else turn.failure = fault;
  for (Job& job : jobs) {
    if (job.changes) {
      if (job.fate == Fate::stored) job.fate = Fate::failed;
    } else {
      (void)readRows(job);
    }
  }
}

Outcome Keeper::perform(Job& job, bool& began, std::size_t& bytes) { return job.changes ? changeRow(job, began, bytes) : readRows(job); }

Outcome Keeper::readRows(Job& job) {
  job.row.reset();
  if (job.rows != nullptr) job.rows->clear();
  if (!database_) return Outcome::good;
  return job.rows != nullptr ? database_->scan(job.table, job.key, job.rowsMax, *job.rows) : database_->get(job.table, job.key, job.row);
}

Outcome Keeper::changeRow(Job& job, bool& began, std::size_t& bytes) {
  const Change change = std::exchange(job.change, {});
  std::optional<std::string> row;
  Outcome outcome = database_ && !began ? database_->begin() : Outcome::good;
  began = began || (database_ && outcome == Outcome::good);
  if (database_ && outcome == Outcome::good) outcome = database_->get(job.table, job.key, row);
  if (outcome != Outcome::good) row.reset();
  const std::optional<std::string> before = row;
  change(row);
  job.fate = Fate::failed;
  if (!database_ || outcome != Outcome::good) return outcome;
  job.fate = Fate::stored;
  if (row == before) return Outcome::good;
  if (!row) return database_->erase(job.table, job.key);
  if (job.key.size() > kKeyBytesMax || row->size() > kRowBytesMax) {
    job.fate = Fate::tooLarge;
    return Outcome::good;
  }
  const std::size_t size = job.key.size() + row->size();
  if ((!before || before->size() < row->size()) && !database_->hasRoomFor(size)) {
    job.fate = Fate::noRoom;
    return Outcome::good;
  }
  bytes += size;
  return database_->put(job.table, job.key, *row);
}

}  // namespace spheregate::state
