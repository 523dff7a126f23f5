#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "spheregate/config/config.hpp"

namespace spheregate::app {

// Which gateway a command is about: its configuration file, or the directory that `spheregate init` made.
struct SetupOptions {
  std::string config;
  std::string directory;
};
std::shared_ptr<SetupOptions> addSetupOptions(CLI::App& command);

// The configuration as far as these keys go; those that begin with one of `needed` must be right. A gateway that is being set up
// has no hub yet. Nothing when they are not; the problems are on stderr then.
std::optional<config::Config> readSetup(const SetupOptions& options, const std::vector<std::string>& needed);
std::filesystem::path configFile(const SetupOptions& options);

// One line on stderr, `spheregate: …`.
void complain(const std::string& sentence);

// `in 89 d 3 h`, or `expired 2 d ago`.
std::string expiryText(std::int64_t notAfterSeconds);
std::int64_t daysLeft(std::int64_t notAfterSeconds);

}  // namespace spheregate::app
