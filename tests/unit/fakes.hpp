#pragma once

#include <string>
#include <utility>

#include "spheregate/base/timers.hpp"
#include "spheregate/base/wire.hpp"

// Small stand-ins for the seams, for tests that script a conversation step by step.
namespace spheregate::test {

class ManualClock final : public base::Clock {
 public:
  // `sinceBoot`: how long the machine has been up.
  explicit ManualClock(base::Duration sinceBoot = std::chrono::hours{1}) : now_{sinceBoot} {}
  base::MonoTime now() const override { return now_; }
  base::WallTime wall() const override { return wall_; }
  void advance(base::Duration time) {
    now_ += time;
    jump(time);
  }
  // Somebody sets the calendar.
  void jump(base::Duration time) { wall_ += std::chrono::duration_cast<base::WallTime::duration>(time); }

 private:
  base::MonoTime now_;
  base::WallTime wall_{std::chrono::seconds{1'700'000'000}};
};

// Time that passes only when the test says so, running every timer at its moment.
class ManualTime {
 public:
  explicit ManualTime(base::Duration sinceBoot = std::chrono::hours{1}) : clock{sinceBoot} {}
  void pass(base::Duration time) {
    const base::MonoTime end = clock.now() + time;
    while (const auto next = timers.next()) {
      if (*next > end) break;
      if (*next > clock.now()) clock.advance(*next - clock.now());
      timers.run(clock.now());
    }
    clock.advance(end - clock.now());
  }
  // What is due now.
  void settle() { pass({}); }

  ManualClock clock;
  base::Timers timers{clock};
};

// What a test sees of a wire after its owner has it.
struct WireView {
  base::WireUser* user = nullptr;
  base::Bytes sent;       // what was flushed
  base::Bytes outbox;
  bool closed = false;
  bool paused = false;
  std::size_t stuck = 0;  // bytes the peer does not take
};

class ScriptedWire final : public base::Wire {
 public:
  explicit ScriptedWire(WireView& view) : view_{view} {}
  void attach(base::WireUser& user) override { view_.user = &user; }
  base::Bytes& outbox() override { return view_.outbox; }
  void flush() override {
    base::append(view_.sent, view_.outbox);
    view_.outbox.clear();
  }
  std::size_t backlog() const override { return view_.stuck; }
  void pauseReading() override { view_.paused = true; }
  void resumeReading() override { view_.paused = false; }
  void close() override {
    flush();
    view_.closed = true;
  }
  std::string_view peer() const override { return "192.0.2.1:50000"; }

 private:
  WireView& view_;
};

}  // namespace spheregate::test
