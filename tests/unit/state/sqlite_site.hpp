#pragma once

#include <stdlib.h>

#include <condition_variable>
#include <deque>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "spheregate/state/store.hpp"

namespace spheregate::test {

// A core thread for the test to be.
class Core {
 public:
  void post(std::function<void()> job) {
    const std::lock_guard lock{mutex_};
    jobs_.push_back(std::move(job));
    wake_.notify_one();
  }
  void run(const std::function<bool()>& until) {
    while (!until()) {
      std::function<void()> job;
      {
        std::unique_lock lock{mutex_};
        wake_.wait(lock, [this] { return !jobs_.empty(); });
        job = std::move(jobs_.front());
        jobs_.pop_front();
      }
      job();
    }
  }

 private:
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::function<void()>> jobs_;
};

// A real state.db in a directory of its own.
class SqliteSite {
 public:
  SqliteSite() {
    std::string name = (std::filesystem::temp_directory_path() / "spheregate-state-XXXXXX").string();
    directory = std::filesystem::path{::mkdtemp(name.data())} / "state";
  }
  ~SqliteSite() {
    close();
    std::filesystem::remove_all(directory.parent_path());
  }
  void open() {
    close();
    metrics = std::make_unique<metrics::Registry>();
    kept = state::openSqliteStore(directory, [this](std::function<void()> job) { core.post(std::move(job)); }, *metrics);
  }
  void close() { kept.reset(); }

  // Until every call so far has been answered.
  void settle() {
    bool answered = false;
    kept->read(state::Table::gateway, "", [&](const std::optional<std::string>&) { answered = true; });
    core.run([&] { return answered; });
  }
  bool put(const std::string& key, const std::string& row) {
    std::optional<bool> stored;
    kept->put(state::Table::twins, key, row, [&](bool good) { stored = good; });
    core.run([&] { return stored.has_value(); });
    return *stored;
  }
  std::string row(const std::string& key) {
    std::optional<std::string> found;
    kept->read(state::Table::twins, key, [&](std::optional<std::string> row) { found = row.value_or("(none)"); });
    core.run([&] { return found.has_value(); });
    return *found;
  }
  std::uint64_t damaged() { return metrics->counter("state_damaged_total", "").value(); }
  std::uint64_t changes(const char* result) { return metrics->counter("state_changes_total", "", {{"result", result}}).value(); }
  std::filesystem::path file() const { return directory / "state.db"; }

  Core core;
  std::filesystem::path directory;
  std::unique_ptr<metrics::Registry> metrics;
  std::unique_ptr<state::Store> kept;
};

}  // namespace spheregate::test
