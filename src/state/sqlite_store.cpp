#include "sqlite_store.hpp"

#include <future>
#include <utility>

#include "limits.hpp"

namespace spheregate::state {

const char* label(Table table) {
  switch (table) {
    case Table::twins: return "twins";
    case Table::sessions: return "sessions";
    case Table::assignments: return "assignments";
    case Table::gateway: return "gateway";
    case Table::cloudMessages: return "cloud_messages";
    case Table::knownDevices: return "known_devices";
  }
  return "";
}

std::unique_ptr<Store> openSqliteStore(const std::filesystem::path& directory, std::function<void(std::function<void()>)> post,
                                       metrics::Registry& metrics) {
  return std::make_unique<SqliteStore>(directory, std::move(post), metrics);
}

SqliteStore::SqliteStore(const std::filesystem::path& directory, Post post, metrics::Registry& metrics)
    : desk_{std::make_shared<Desk>(metrics)}, post_{std::move(post)}, keeper_{directory} {
  Turn opening;
  opening.fault = keeper_.fault();
  opening.damage = keeper_.takeDamage();
  opening.bytes = keeper_.bytes();
  desk_->note(opening);
  thread_ = std::thread{[this] { work(); }};
}

SqliteStore::~SqliteStore() {
  {
    const std::lock_guard lock{mutex_};
    stopping_ = true;
  }
  wake_.notify_one();
  thread_.join();
  desk_->gone = true;
}

void SqliteStore::change(Table table, std::string key, Change change, Done done) {
  Job job;
  job.table = table;
  job.key = std::move(key);
  job.change = std::move(change);
  job.done = std::move(done);
  job.changes = true;
  give(std::move(job));
}

void SqliteStore::read(Table table, std::string key, Give give) {
  Job job;
  job.table = table;
  job.key = std::move(key);
  job.give = std::move(give);
  this->give(std::move(job));
}

void SqliteStore::knock(std::function<void()> answered) {
  Job job;
  job.table = Table::gateway;
  job.give = [told = std::move(answered)](const std::optional<std::string>&) { told(); };
  ++desk_->calls;
  enqueue(std::move(job));
}

Rows SqliteStore::all(Table table, std::string_view prefix, std::size_t rowsMax) {
  Rows rows;
  std::promise<void> read;
  Job job;
  job.table = table;
  job.key = prefix;
  job.rows = &rows;
  job.rowsMax = rowsMax;
  job.waiter = [&read](bool) { read.set_value(); };
  enqueue(std::move(job));
  read.get_future().wait();
  return rows;
}

bool SqliteStore::changeAndWait(Table table, std::string key, Change change) {
  std::promise<bool> stored;
  Job job;
  job.table = table;
  job.key = std::move(key);
  job.change = std::move(change);
  job.waiter = [&stored](bool good) { stored.set_value(good); };
  job.changes = true;
  enqueue(std::move(job));
  return stored.get_future().get();
}

void SqliteStore::give(Job job) {
  if (desk_->calls >= kCallsMax) return refuse(std::move(job));
  ++desk_->calls;
  enqueue(std::move(job));
}

void SqliteStore::refuse(Job job) {
  post_([weak = std::weak_ptr{desk_}, refused = std::move(job)] {
    std::optional<std::string> nothing;
    if (refused.changes) refused.change(nothing);
    const auto desk = weak.lock();
    if (!desk || desk->gone) return;
    desk->metrics.refused.add();
    if (refused.done) refused.done(false);
    if (refused.give) refused.give(std::nullopt);
  });
}

void SqliteStore::enqueue(Job job) {
  {
    const std::lock_guard lock{mutex_};
    jobs_.push_back(std::move(job));
  }
  wake_.notify_one();
}

void SqliteStore::work() {
  std::vector<Job> taken;
  while (true) {
    {
      std::unique_lock lock{mutex_};
      wake_.wait(lock, [this] { return stopping_ || !jobs_.empty(); });
      if (jobs_.empty()) return;
      taken.swap(jobs_);
    }
    for (std::size_t next = 0; next < taken.size();) report(keeper_.turn(taken, next));
    taken.clear();
  }
}

// Who waits is told here, and the rest on the core thread.
void SqliteStore::report(Turn turn) {
  for (Job& job : turn.jobs) {
    if (job.waiter) job.waiter(job.fate == Fate::stored);
  }
  post_([weak = std::weak_ptr{desk_}, told = std::make_shared<Turn>(std::move(turn))] {
    if (const auto desk = weak.lock()) desk->settle(*told);
  });
}

}  // namespace spheregate::state
