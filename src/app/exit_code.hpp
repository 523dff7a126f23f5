#pragma once

namespace spheregate::app {

// The exit codes that scripts and the systemd unit rely on.
constexpr int kGood = 0;
constexpr int kFailed = 1;
constexpr int kWrongUsage = 2;
constexpr int kBadConfiguration = 78;  // EX_CONFIG of sysexits.h: a restart would not help

}  // namespace spheregate::app
