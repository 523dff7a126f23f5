#include "spheregate/app/commands.hpp"

#include <CLI/CLI.hpp>
#include <iostream>
#include <string>

#include "command_line.hpp"
#include "exit_code.hpp"
#include "spheregate/app/version.hpp"

namespace spheregate::app {
namespace {

// What is wrong on the line, and where the help for just that command is.
std::string wrongUsage(const CLI::App* program, const CLI::Error& error) {
  std::string command = program->get_name();
  for (const CLI::App* at = program; !at->get_subcommands().empty();) {
    at = at->get_subcommands().back();
    command += " " + at->get_name();
  }
  return "spheregate: " + std::string{error.what()} + "; `" + command + " --help` shows what can be written there\n";
}

}  // namespace

int runCommand(int argc, const char* const* argv) {
  CLI::App program{"MQTT gateway to Azure IoT Hub for fleets with X.509 devices", "spheregate"};
  program.set_version_flag("--version", std::string{"spheregate "} + kVersion);
  program.require_subcommand(0, 1);
  program.failure_message(wrongUsage);
  Deed deed;
  addRunCommand(program, deed);
  addInitCommand(program, deed);
  addTenantCommands(program, deed);
  addExportRootCommand(program, deed);
  addConfigCommands(program, deed);
  addCheckCommand(program, deed);
  addDevicesCommands(program, deed);
  addStatusCommand(program, deed);
  addReloadCommand(program, deed);
  addQueueCommands(program, deed);
  addAuditCommand(program, deed);
  addLogCommands(program, deed);
  addSupportBundleCommand(program, deed);
  program.add_subcommand("help", "print this text");
  const std::string help = program.help("", CLI::AppFormatMode::All);

  try {
    program.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    // Asking for help or the version arrives here too, as an "error" with code 0.
    return program.exit(error, std::cout, std::cerr) == 0 ? kGood : kWrongUsage;
  }
  if (deed) return deed();
  const bool asked = !program.get_subcommands().empty();
  (asked ? std::cout : std::cerr) << help;
  return asked ? kGood : kWrongUsage;
}

}  // namespace spheregate::app
