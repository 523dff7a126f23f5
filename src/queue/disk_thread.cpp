#include "spheregate/queue/disk_thread.hpp"

namespace spheregate::queue {

DiskThread::DiskThread(Post post) : post_{std::move(post)}, thread_{[this] { work(); }} {}

DiskThread::~DiskThread() {
  {
    const std::lock_guard lock{mutex_};
    stopping_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void DiskThread::submit(Job job, Job done) {
  {
    const std::lock_guard lock{mutex_};
    jobs_.emplace_back(std::move(job), std::move(done));
  }
  wake_.notify_one();
}

void DiskThread::work() {
  std::unique_lock lock{mutex_};
  while (true) {
    wake_.wait(lock, [this] { return stopping_ || !jobs_.empty(); });
    if (jobs_.empty()) return;
    auto [job, done] = std::move(jobs_.front());
    jobs_.pop_front();
    lock.unlock();
    job();
    // Gone before `done` runs, so that what it captured is not released by this thread later.
    job = nullptr;
    post_(std::move(done));
    lock.lock();
  }
}

}  // namespace spheregate::queue
