#pragma once

#include <functional>
#include <string_view>

#include "spheregate/base/timers.hpp"

namespace spheregate::ops {

// What systemd is told (sd_notify); nothing happens when the daemon was not started by it. Core thread only.
class Service {
 public:
  // `progress`: whether the work moves, asked before the watchdog is fed. The feeding itself waits on the core's timers, so a
  // loop that does not turn starves the watchdog in any case.
  explicit Service(base::Timers& timers, std::function<bool()> progress = {});

  // Devices can connect. From now on the watchdog is fed, when the unit has one.
  void ready();
  // Between the two the configuration is read anew (`Type=notify-reload` waits for the second; `ExecReload=` shows it).
  void reloading();
  void reloaded();
  void stopping();
  // One line for `systemctl status`.
  void status(std::string_view line);

 private:
  void feedWatchdog();

  base::Timer timer_;
  std::function<bool()> progress_;
  base::Duration interval_{};
  bool starving_ = false;
};

}  // namespace spheregate::ops
