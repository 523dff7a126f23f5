#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "spheregate/checkup/file_limit.hpp"
#include "spheregate/config/config.hpp"

namespace spheregate::checkup {

struct RefusalCount {
  std::string label;  // of the metric: unknown_ca, expired, …
  std::string reason;
  std::string fix;
  std::uint64_t count = 0;
  std::vector<std::string> who;  // aliases, ids or addresses as lists show them, each once, the latest first
};

// What a running daemon says of itself; who asked it knows how.
struct DaemonWord {
  bool running = false;
  bool silent = false;  // somebody holds the admin socket and does not answer
  std::string problem;  // while not running: how that is known
  std::string version;
  std::optional<uid_t> user;  // as whom it runs
  std::optional<FileLimit> files;
  std::string listeningAddress;     // where devices find it
  std::uint16_t listeningPort = 0;  // 0: it does not say
  bool ready = true;
  std::string closed;      // why the store takes nothing
  std::string stateFault;  // why the small state is not kept
  bool uplinkConnected = false;
  std::size_t links = 0;
  std::string condition;                // of the hub
  std::vector<std::string> linkErrors;  // of devices and of the gateway itself, each once
  std::vector<RefusalCount> refusals;
  std::uint64_t knocksOfChecks = 0;  // refused as they must be, and not among `refusals`
  std::vector<std::string> restartNeeded;  // keys that were changed and are not in effect
  std::string reloadProblem;               // why what changed last was not taken
};

// What is looked at, and how.
struct Subject {
  config::Config config;
  DaemonWord daemon;
  std::string version;         // of this program
  std::chrono::system_clock::time_point released{};  // when it was, so no clock can be earlier
  bool offline = false;        // leave the network alone
  std::string loginAs;         // a device of the hub to try the login with; empty: nobody's connection is risked
  std::filesystem::path root;  // what devices trust; empty: as the configuration says
};

}  // namespace spheregate::checkup
