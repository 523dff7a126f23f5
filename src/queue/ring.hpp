#pragma once

#include <cstddef>
#include <memory>
#include <utility>

namespace spheregate::queue {

// A first-in-first-out sequence in one block that grows and shrinks by halves; a device that has nothing queued costs nothing.
// Unlike std::deque, which takes half a kilobyte for an empty one.
template <class T>
class Ring {
 public:
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  T& operator[](std::size_t index) { return slots_[(start_ + index) & (capacity_ - 1)]; }
  const T& operator[](std::size_t index) const { return slots_[(start_ + index) & (capacity_ - 1)]; }
  T& front() { return slots_[start_]; }
  const T& front() const { return slots_[start_]; }

  T& push(T value) {
    if (size_ == capacity_) resize(capacity_ == 0 ? 4 : capacity_ * 2);
    T& slot = (*this)[size_++];
    slot = std::move(value);
    return slot;
  }

  void pop() {
    slots_[start_] = T{};
    start_ = (start_ + 1) & (capacity_ - 1);
    --size_;
    if (capacity_ > kKept && size_ < capacity_ / 4) resize(capacity_ / 2);
  }

 private:
  // Small blocks are kept, so that one message at a time does not allocate.
  static constexpr std::size_t kKept = 16;

  void resize(std::size_t capacity) {
    auto slots = std::make_unique<T[]>(capacity);
    for (std::size_t index = 0; index < size_; ++index) slots[index] = std::move((*this)[index]);
    slots_ = std::move(slots);
    capacity_ = capacity;
    start_ = 0;
  }

  std::unique_ptr<T[]> slots_;
  std::size_t capacity_ = 0;
  std::size_t start_ = 0;
  std::size_t size_ = 0;
};

}  // namespace spheregate::queue
