#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

#include "spheregate/base/log.hpp"
#include "spheregate/base/timers.hpp"
#include "spheregate/metrics/registry.hpp"

namespace spheregate::app {

// The first thing that a daemon does: lines go to the journal where stderr does, else to stderr.
void beginLog(base::LogLevel level, base::LogFormat format);

// How much is logged: what the configuration or the cloud says, and for a while what an operator chose instead. Core thread only.
class LogControl {
 public:
  LogControl(base::Timers& timers, metrics::Registry& metrics, base::LogLevel configured);
  LogControl(const LogControl&) = delete;
  LogControl& operator=(const LogControl&) = delete;

  // The configuration or the cloud says another level: it is in force, and what an operator chose before is over.
  void configure(base::LogLevel level);
  // An operator (his uid) wants this level, for so long; nothing: until the configuration is read again or the process ends.
  void choose(base::LogLevel level, std::optional<std::chrono::seconds> time, std::uint32_t uid);
  // What an operator chose is over, because a reload was asked for or an operator ended it; `why` says which.
  void reset(const char* why);

  struct State {
    base::LogLevel level;
    base::LogLevel configured;
    bool chosen;                          // by an operator
    std::optional<base::WallTime> until;  // absent when no time was given
  };
  State state() const;

 private:
  void revert(const char* why);
  void look();

  base::Timers& timers_;
  base::LogLevel configured_;
  bool chosen_ = false;
  std::optional<base::WallTime> until_;
  base::Timer over_;
  base::Timer look_;
};

// The words of `log.level`; nothing for any other.
std::optional<base::LogLevel> logLevelNamed(std::string_view word);

}  // namespace spheregate::app
