#pragma once

#include <string>
#include <vector>

#include "device_queue.hpp"
#include "spheregate/base/timers.hpp"
#include "spheregate/queue/custody.hpp"

namespace spheregate::queue {

// What the user has to hear, told once a turn of the loop and never from inside one of its own calls.
class Notices {
 public:
  explicit Notices(base::Timers& timers) : timer_{timers} {}

  void open(CustodyUser& user) { user_ = &user; }
  // `safe` of this queue has moved.
  void safe(DeviceQueue& queue) { note(queue); }
  // `next` may have something for the one that waits.
  void ready(DeviceQueue& queue);
  void roomAgain();
  void storeClosed(std::string reason);

 private:
  void note(DeviceQueue& queue);
  void arm();
  void tell();

  base::Timer timer_;
  CustodyUser* user_ = nullptr;
  std::vector<DeviceQueue*> noted_;
  std::vector<DeviceQueue*> telling_;
  bool room_ = false;
  bool closed_ = false;
  std::string reason_;
};

}  // namespace spheregate::queue
