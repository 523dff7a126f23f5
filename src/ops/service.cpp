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

// While something stands still it is looked at so often, so that a disk that was slow is not too late by a hair.
constexpr std::chrono::seconds kLookAgain{1};

void notify(const std::string& state) { sd_notify(0, state.c_str()); }

// How often to feed it, which is twice as often as systemd looks; zero without a watchdog.
base::Duration watchdogInterval() {
  std::uint64_t microseconds = 0;
  if (sd_watchdog_enabled(0, &microseconds) <= 0) return {};
  return std::chrono::microseconds{microseconds / 2};
}

}  // namespace

Service::Service(base::Timers& timers, Standstill standstill) : timer_{timers}, standstill_{std::move(standstill)} {}

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

void Service::keep(int socket, std::string_view name) {
  const std::string state = "FDSTORE=1\nFDNAME=" + std::string{name};
  sd_pid_notify_with_fds(0, 0, state.c_str(), &socket, 1);
}

void Service::feedWatchdog() {
  const std::string still = standstill_ ? standstill_() : std::string{};
  if (still.empty()) notify("WATCHDOG=1");
  if (!still.empty() && !starving_) {
    base::logError("no progress", {{"reason", still},
                                   {"consequence", "systemd restarts the gateway unless it moves again within the time of WatchdogSec="},
                                   {"fix", "check the disk of queue.path; for a disk that is only slow, raise WatchdogSec="}});
  }
  if (still.empty() && starving_) base::logInfo("progress again");
  starving_ = !still.empty();
  timer_.after(starving_ ? std::min<base::Duration>(interval_, kLookAgain) : interval_, [this] { feedWatchdog(); });
}

}  // namespace spheregate::ops
