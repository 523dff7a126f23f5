#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "keeper.hpp"
#include "spheregate/state/store.hpp"
#include "state_metrics.hpp"

namespace spheregate::state {

// The store's thread takes all that waits and does it in one transaction, so that one sync covers what came during the last one.
class SqliteStore final : public Store {
 public:
  using Post = std::function<void(std::function<void()>)>;
  SqliteStore(const std::filesystem::path& directory, Post post, metrics::Registry& metrics);
  ~SqliteStore() override;

  void change(Table table, std::string key, Change change, Done done) override;
  void read(Table table, std::string key, Give give) override;
  void knock(std::function<void()> answered) override;
  Rows all(Table table, std::string_view prefix, std::size_t rowsMax) override;
  bool changeAndWait(Table table, std::string key, Change change) override;
  bool usable() const override { return desk_->fault.empty(); }
  std::string_view fault() const override { return desk_->fault; }

 private:
  // What the core thread has of the store; posted results find it as long as the store lives.
  struct Desk {
    explicit Desk(metrics::Registry& registry) : metrics{registry} {}
    void settle(Turn& turn);
    void note(const Turn& turn);
    void count(Fate fate);

    StateMetrics metrics;
    std::string fault;
    std::size_t calls = 0;
    bool failing = false;
    bool gone = false;
  };

  void give(Job job);
  void refuse(Job job);
  void enqueue(Job job);
  void work();
  void report(Turn turn);

  std::shared_ptr<Desk> desk_;
  Post post_;
  Keeper keeper_;  // the thread's, once that runs
  // The hand-over between two threads is the one place that needs a mutex.
  std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<Job> jobs_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace spheregate::state
