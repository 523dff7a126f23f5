#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <utility>

#include "spheregate/base/clock.hpp"

namespace spheregate::base {

// Every wait of the core thread. Whoever owns the thread (the event loop, or the simulator) calls `run` when `next` is due.
// Callbacks may add and cancel timers. Ties run in the order they were added, so a simulation replays exactly.
class Timers {
 public:
  using Callback = std::function<void()>;
  using Id = std::pair<MonoTime, std::uint64_t>;

  explicit Timers(const Clock& clock) : clock_{clock} {}
  Timers(const Timers&) = delete;
  Timers& operator=(const Timers&) = delete;

  Id at(MonoTime due, Callback callback);
  void cancel(const Id& id) { waiting_.erase(id); }
  std::optional<MonoTime> next() const;
  void run(MonoTime now);

  // Called when a timer becomes the earliest, so that the owner can wake sooner.
  void onEarlier(Callback callback) { earlier_ = std::move(callback); }

  const Clock& clock() const { return clock_; }
  MonoTime now() const { return clock_.now(); }

 private:
  const Clock& clock_;
  std::map<Id, Callback> waiting_;
  std::uint64_t nextNumber_ = 1;
  Callback earlier_;
};

// One wait with an owner: arming again replaces it, destruction cancels it.
class Timer {
 public:
  explicit Timer(Timers& timers) : timers_{&timers} {}
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;
  ~Timer() { cancel(); }

  void at(MonoTime due, Timers::Callback callback);
  void after(Duration wait, Timers::Callback callback) { at(timers_->now() + wait, std::move(callback)); }
  void cancel();
  bool armed() const { return id_.has_value(); }
  // Only while armed.
  MonoTime due() const { return id_->first; }

 private:
  Timers* timers_;
  std::optional<Timers::Id> id_;
};

}  // namespace spheregate::base
