#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <optional>
#include <string>

#include "spheregate/config/config.hpp"

namespace spheregate::app {

// What the command line asks for; returns the process's exit code.
using Deed = std::function<int()>;

// Each group of commands adds itself to the program, and sets `deed` when it is the one that was asked for.
void addRunCommand(CLI::App& program, Deed& deed);
void addConfigCommands(CLI::App& program, Deed& deed);
void addInitCommand(CLI::App& program, Deed& deed);
void addTenantCommands(CLI::App& program, Deed& deed);
void addExportRootCommand(CLI::App& program, Deed& deed);
void addCheckCommand(CLI::App& program, Deed& deed);
void addDevicesCommands(CLI::App& program, Deed& deed);
void addStatusCommand(CLI::App& program, Deed& deed);
void addReloadCommand(CLI::App& program, Deed& deed);
void addQueueCommands(CLI::App& program, Deed& deed);
void addAuditCommand(CLI::App& program, Deed& deed);
void addLogCommands(CLI::App& program, Deed& deed);
void addSupportBundleCommand(CLI::App& program, Deed& deed);

// Where the package puts it.
inline constexpr const char* kConfigFile = "/etc/spheregate/spheregate.yaml";

// Nothing when there are problems; they are on stderr then, one a line.
std::optional<config::Config> loadOrComplain(const std::string& file);

}  // namespace spheregate::app
