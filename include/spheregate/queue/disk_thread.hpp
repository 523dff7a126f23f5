#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <utility>

#include "spheregate/queue/disk.hpp"

namespace spheregate::queue {

// The real DiskRunner: one thread. `post` brings a callback to the core thread (for example asio::post on its loop).
// Destruction finishes what was submitted; results that arrive after the loop has stopped are dropped by `post`.
class DiskThread final : public DiskRunner {
 public:
  using Post = std::function<void(Job)>;
  explicit DiskThread(Post post);
  ~DiskThread() override;
  void submit(Job job, Job done) override;

 private:
  void work();

  Post post_;
  // The hand-over between two threads is the one place that needs a mutex.
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::pair<Job, Job>> jobs_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace spheregate::queue
