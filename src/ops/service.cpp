#include "spheregate/ops/service.hpp"

#include <systemd/sd-daemon.h>
#include <time.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

#include "spheregate/base/log.hpp"

namespace spheregate::ops {
namespace {

void notify(const std::string& state) { sd_notify(0, state.c_str()); }

// How often to feed it, which is twice as often as systemd looks; zero without a watchdog.
base::Duration watchdogInterval() {
  std::uint64_t microseconds = 0;
  if (sd_watchdog_enabled(0, &microseconds) <= 0) return {};
  return std::chrono::microseconds{microseconds / 2};
}

}  // namespace

Service::Service(base::Timers& timers, std::function<bool()> progress) : timer_{timers}, progress_{std::move(progress)} {}

void Service::ready() {
  notify("READY=1");
  interval_ = watchdogInterval();
  if (interval_ > base::Duration{}) feedWatchdog();
}

// systemd tells this word from those about an earlier reload by the time.
void Service::reloading() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  const std::int64_t microseconds = std::int64_t{now.tv_sec} * 1'000'000 + now.tv_nsec / 1'000;
  notify("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(microseconds));
}

void Service::reloaded() { notify("READY=1"); }

void Service::stopping() { notify("STOPPING=1"); }

void Service::status(std::string_view line) {
  std::string state{"STATUS="};
  state += line;
  // A line break would begin another variable of the protocol.
  std::replace(state.begin(), state.end(), '\n', ' ');
  notify(state);
}

void Service::feedWatchdog() {
  const bool moves = !progress_ || progress_();
  if (moves) notify("WATCHDOG=1");
  if (!moves && !starving_)
    base::logError("no progress", {{"consequence", "systemd restarts the gateway unless the work moves again"}});
  starving_ = !moves;
  timer_.after(interval_, [this] { feedWatchdog(); });
}

}  // namespace spheregate::ops
