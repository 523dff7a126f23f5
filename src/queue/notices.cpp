#include "notices.hpp"

#include <utility>

namespace spheregate::queue {

void Notices::ready(DeviceQueue& queue) {
  if (!queue.waiting) return;
  queue.waiting = false;
  queue.readyDue = true;
  note(queue);
}

void Notices::roomAgain() {
  room_ = true;
  arm();
}

void Notices::storeClosed(std::string reason) {
  closed_ = true;
  reason_ = std::move(reason);
  arm();
}

void Notices::note(DeviceQueue& queue) {
  if (std::exchange(queue.noticed, true)) return;
  noted_.push_back(&queue);
  arm();
}

void Notices::arm() {
  if (!timer_.armed() && user_ != nullptr) timer_.after({}, [this] { tell(); });
}

void Notices::tell() {
  telling_.swap(noted_);
  for (DeviceQueue* queue : telling_) {
    queue->noticed = false;
    if (queue->safe > queue->told) {
      queue->told = queue->safe;
      user_->safe(queue->key, queue->told);
    }
    if (std::exchange(queue->readyDue, false)) user_->ready(queue->key);
  }
  telling_.clear();
  if (std::exchange(room_, false)) user_->roomAgain();
  if (std::exchange(closed_, false)) user_->storeClosed(reason_);
}

}  // namespace spheregate::queue
