#pragma once

#include <algorithm>
#include <array>
#include <deque>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <utility>

#include "spheregate/base/timers.hpp"
#include "spheregate/state/store.hpp"

namespace spheregate::simulation {

// What outlives the process: the rows on the disk.
struct MemoryTables {
  std::array<std::map<std::string, std::string>, state::kTables> tables;
  std::map<std::string, std::string>& of(state::Table table) { return tables[static_cast<std::size_t>(table)]; }
};

// The durable state of a test or a simulation. Callbacks come through the timers: at once, or after a wait that a seed decides.
// Destroying it is a kill -9: what has not been stored by then is not, and no callback comes any more.
class MemoryStore final : public state::Store {
 public:
  MemoryStore(base::Timers& timers, MemoryTables& disk) : timers_{timers}, disk_{disk} {}
  // Every call takes up to `latencyMax`.
  MemoryStore(base::Timers& timers, MemoryTables& disk, std::mt19937_64& random, base::Duration latencyMax)
      : timers_{timers}, disk_{disk}, random_{&random}, latencyMax_{latencyMax} {}

  void change(state::Table table, std::string key, state::Change change, Done done) override {
    Job job;
    job.table = table;
    job.key = std::move(key);
    job.change = std::move(change);
    job.done = std::move(done);
    give(std::move(job));
  }
  void read(state::Table table, std::string key, Give give) override {
    Job job;
    job.table = table;
    job.key = std::move(key);
    job.read = std::move(give);
    this->give(std::move(job));
  }
  state::Rows all(state::Table table, std::string_view prefix, std::size_t rowsMax) override {
    performAll();
    state::Rows rows;
    if (!usable()) return rows;
    const auto& kept = disk_.of(table);
    for (auto row = kept.lower_bound(std::string{prefix}); row != kept.end() && row->first.starts_with(prefix) && rows.size() < rowsMax; ++row) {
      rows.emplace_back(*row);
    }
    return rows;
  }
  bool changeAndWait(state::Table table, std::string key, state::Change change) override {
    performAll();
    return apply(table, key, change);
  }
  bool usable() const override { return fault_.empty(); }
  std::string_view fault() const override { return fault_; }

  // From now on nothing is stored and nothing is read; what waits is not stored either.
  void breakDown(std::string fault) { fault_ = std::move(fault); }
  void repair() { fault_.clear(); }
  std::size_t waiting() const { return jobs_.size(); }
  // What waits is on the disk up to a place that chance decides, and nobody hears of it: for just before a kill.
  void storeSome(std::mt19937_64& random) {
    std::size_t some = random() % (jobs_.size() + 1);
    for (auto job = jobs_.begin(); some > 0; ++job, --some) perform(*job);
  }

 private:
  struct Job {
    state::Table table{};
    std::string key;
    state::Change change;
    Done done;
    Give read;
    base::MonoTime due{};
    bool performed = false;
    bool stored = false;
    std::optional<std::string> row;
  };

  void give(Job job) {
    job.due = timers_.now();
    if (random_ != nullptr && latencyMax_.count() > 0) job.due += base::Duration{(*random_)() % static_cast<std::uint64_t>(latencyMax_.count() + 1)};
    if (!jobs_.empty()) job.due = std::max(job.due, jobs_.back().due);
    jobs_.push_back(std::move(job));
    arm();
  }

  void arm() {
    if (!jobs_.empty() && !timer_.armed()) timer_.at(jobs_.front().due, [this] { finishOne(); });
  }

  // Last is the callback, which may ask for more, or be the end of the store.
  void finishOne() {
    Job job = std::move(jobs_.front());
    jobs_.pop_front();
    perform(job);
    arm();
    if (job.done) job.done(job.stored);
    if (job.read) job.read(std::move(job.row));
  }

  void performAll() {
    for (Job& job : jobs_) perform(job);
  }

  void perform(Job& job) {
    if (std::exchange(job.performed, true)) return;
    if (job.change) {
      const state::Change change = std::exchange(job.change, {});
      job.stored = apply(job.table, job.key, change);
    } else if (usable()) {
      job.row = present(job.table, job.key);
    }
  }

  std::optional<std::string> present(state::Table table, const std::string& key) {
    const auto row = disk_.of(table).find(key);
    if (row == disk_.of(table).end()) return std::nullopt;
    return row->second;
  }

  bool apply(state::Table table, const std::string& key, const state::Change& change) {
    std::optional<std::string> row;
    if (usable()) row = present(table, key);
    change(row);
    if (!usable()) return false;
    if (!row) return disk_.of(table).erase(key), true;
    if (key.size() > state::kKeyBytesMax || row->size() > state::kRowBytesMax) return false;
    disk_.of(table).insert_or_assign(key, std::move(*row));
    return true;
  }

  base::Timers& timers_;
  MemoryTables& disk_;
  std::mt19937_64* random_ = nullptr;
  base::Duration latencyMax_{};
  std::string fault_;
  std::deque<Job> jobs_;
  base::Timer timer_{timers_};
};

}  // namespace spheregate::simulation
