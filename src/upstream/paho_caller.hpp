#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

namespace spheregate::upstream {

// The one thread that calls Paho. Whoever calls it may wait for a name server, a TLS handshake or a callback that writes to a disk, because
// Paho holds one lock through all of these; so the core thread never does. What is queued is bounded by the connections that queue it.
class PahoCaller {
 public:
  using Job = std::function<void()>;

  PahoCaller();
  PahoCaller(const PahoCaller&) = delete;
  PahoCaller& operator=(const PahoCaller&) = delete;
  // Finishes what was queued.
  ~PahoCaller();
  void queue(Job job);

 private:
  void work();

  std::mutex mutex_;  // the hand-over between two threads
  std::condition_variable wake_;
  std::deque<Job> jobs_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace spheregate::upstream
