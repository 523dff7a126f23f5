#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <string_view>
#include <utility>

#include "hubsim/limits.hpp"
#include "spheregate/base/timers.hpp"

namespace spheregate::hubsim {

// Ends a connection that says nothing: before its CONNECT, and then by the keep-alive it asked for.
class Silence {
 public:
  using End = std::function<void(std::string_view reason)>;

  Silence(base::Timers& timers, End end) : timers_{timers}, end_{std::move(end)}, lastHeard_{timers.now()}, timer_{timers} {}

  void awaitConnect() {
    timer_.after(kConnectTimeout, [this] { end_("connect_timeout"); });
  }
  // IoT Hub waits one and a half times as long, and never longer than kSilenceMax.
  void keepAlive(std::uint16_t seconds) {
    const std::chrono::milliseconds patience{1500LL * seconds};
    longest_ = seconds == 0 ? kSilenceMax : std::min<base::Duration>(patience, kSilenceMax);
    arm();
  }
  void heard() { lastHeard_ = timers_.now(); }
  // While we are the ones who do not listen.
  void excuse(bool deaf) { deaf_ = deaf; }
  void cancel() { timer_.cancel(); }

 private:
  // One timer for the life of the connection instead of one for each packet: when it fires, it looks at the last arrival.
  void arm() {
    timer_.at(lastHeard_ + longest_, [this] {
      if (deaf_) heard();
      if (timers_.now() - lastHeard_ >= longest_) return end_("keep_alive");
      arm();
    });
  }

  base::Timers& timers_;
  End end_;
  base::MonoTime lastHeard_;
  base::Duration longest_{};
  bool deaf_ = false;
  base::Timer timer_;
};

}  // namespace spheregate::hubsim
