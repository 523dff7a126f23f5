#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "spheregate/base/timers.hpp"

namespace spheregate::ops {

// What systemd is told (sd_notify); nothing happens when the daemon was not started by it. Core thread only.
class Service {
 public:
  // What stands still, as a sentence; empty while the work moves.
  using Standstill = std::function<std::string()>;

  // `standstill` is asked before the watchdog is fed, which is twice as often as systemd looks, and each second while something stands
  // still. The feeding itself waits on the core's timers, so a loop that does not turn starves the watchdog in any case.
  explicit Service(base::Timers& timers, Standstill standstill = {});

  // Devices can connect. From now on the watchdog is fed, when the unit has one.
  void ready();
  // Between the two the configuration is read anew (`Type=notify-reload` waits for the second; `ExecReload=` shows it).
  void reloading();
  void reloaded();
  void stopping();
  // One line for `systemctl status`.
  void status(std::string_view line);
  // systemd holds the socket too, as long as the unit is not stopped (FileDescriptorStoreMax=), and the next process inherits it under
  // that name. Connections that come while no process runs wait in it.
  void keep(int socket, std::string_view name);

 private:
  void feedWatchdog();

  base::Timer timer_;
  Standstill standstill_;
  base::Duration interval_{};
  bool starving_ = false;
};

}  // namespace spheregate::ops
