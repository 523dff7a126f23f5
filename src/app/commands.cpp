#include "spheregate/app/commands.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstddef>
#include <iostream>
#include <string>
#include <vector>

#include "command_line.hpp"
#include "exit_code.hpp"
#include "spheregate/app/version.hpp"
#include "spheregate/base/similar.hpp"

namespace spheregate::app {
namespace {

// Of the commands, or of the options when an option was typed.
std::vector<std::string> wordsOf(const CLI::App& command, bool options) {
  std::vector<std::string> words;
  if (options) {
    for (const CLI::Option* option : command.get_options()) {
      for (const std::string& name : option->get_lnames()) words.push_back("--" + name);
    }
  } else {
    for (const CLI::App* one : command.get_subcommands([](const CLI::App*) { return true; })) words.push_back(one->get_name());
  }
  return words;
}

// For the first of the words on the line that nothing takes and that is like one that something does.
std::string suggestion(const CLI::App& program, const CLI::App& command) {
  for (const std::string& typed : program.remaining(true)) {
    const auto meant = base::nearest(typed, wordsOf(command, typed.starts_with('-')));
    if (meant) return "; did you mean `" + *meant + "`?";
  }
  return ";";
}

// What is wrong on the line, and where the help for just that command is.
std::string wrongUsage(const CLI::App* program, const CLI::Error& error) {
  std::string command = program->get_name();
  const CLI::App* at = program;
  while (!at->get_subcommands().empty()) {
    at = at->get_subcommands().back();
    command += " " + at->get_name();
  }
  return "spheregate: " + std::string{error.what()} + suggestion(*program, *at) + " `" + command + " --help` shows what can be written there\n";
}

// For whoever typed nothing behind the name: a line for each command.
std::string usage(const CLI::App& program) {
  const auto commands = program.get_subcommands([](const CLI::App*) { return true; });
  std::size_t width = 0;
  for (const CLI::App* one : commands) width = std::max(width, one->get_name().size());
  std::string text = "usage: spheregate COMMAND\n\n";
  for (const CLI::App* one : commands) {
    text += "  " + one->get_name() + std::string(width - one->get_name().size() + 2, ' ') + one->get_description() + "\n";
  }
  return text + "\n`spheregate COMMAND --help` shows the options of one, `spheregate help` those of all.\n";
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
  program.add_subcommand("help", "print every command with its options");
  const std::string help = program.help("", CLI::AppFormatMode::All);

  try {
    program.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    // Asking for help or the version arrives here too, as an "error" with code 0.
    return program.exit(error, std::cout, std::cerr) == 0 ? kGood : kWrongUsage;
  }
  if (deed) return deed();
  if (program.get_subcommands().empty()) {
    std::cerr << usage(program);
    return kWrongUsage;
  }
  std::cout << help;
  return kGood;
}

}  // namespace spheregate::app
