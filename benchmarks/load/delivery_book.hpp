#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "clock.hpp"
#include "histogram.hpp"
#include "payload.hpp"
#include "spheregate/base/bytes.hpp"

namespace spheregate::load {

// What arrived at the hub: how much, how late, in which order. Written by the hub's thread; the atomics may be read by any
// thread, the rest when the hub's thread has ended.
class DeliveryBook {
 public:
  // The topic each device publishes to is the one its messages must arrive under.
  explicit DeliveryBook(std::vector<std::string> topics) : topics_{std::move(topics)}, next_(topics_.size()) {}

  void arrived(std::string_view topic, base::ByteView payload, Nanoseconds at) {
    if (payload.size() < sizeof(Stamp)) return alien();
    const Stamp stamp = readStamp(payload.data());
    if (stamp.magic != Stamp::kMagic || stamp.device >= next_.size() || topic != topics_[stamp.device]) return alien();
    bump(received_);
    std::uint64_t& next = next_[stamp.device];
    if (stamp.sequence < next) return bump(repeated_);
    missing_ += stamp.sequence - next;
    next = stamp.sequence + 1;
    if (!measuring_.load(std::memory_order_relaxed)) return;
    bump(measured_);
    latency_.add(at - stamp.born);
  }

  void measure(bool on) { measuring_.store(on, std::memory_order_relaxed); }

  // Each message once, however often it came.
  std::uint64_t delivered() const {
    return received_.load(std::memory_order_relaxed) - repeated_.load(std::memory_order_relaxed);
  }
  std::uint64_t measured() const { return measured_.load(std::memory_order_relaxed); }
  // Came again, or after a later one of the same device.
  std::uint64_t repeated() const { return repeated_.load(std::memory_order_relaxed); }
  // Sequence numbers that were skipped when a later one came.
  std::uint64_t missing() const { return missing_; }
  // Not a message of ours, or under another topic than it was published to.
  std::uint64_t aliens() const { return aliens_; }
  const Histogram& latency() const { return latency_; }

 private:
  using Counter = std::atomic<std::uint64_t>;

  // One writer, so no locked instruction is needed.
  static void bump(Counter& counter) { counter.store(counter.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed); }
  void alien() { ++aliens_; }

  std::vector<std::string> topics_;
  std::vector<std::uint64_t> next_;
  std::atomic<bool> measuring_ = false;
  Counter received_ = 0;
  Counter repeated_ = 0;
  Counter measured_ = 0;
  std::uint64_t missing_ = 0;
  std::uint64_t aliens_ = 0;
  Histogram latency_;
};

}  // namespace spheregate::load
