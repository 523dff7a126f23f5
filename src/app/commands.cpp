#include "spheregate/app/commands.hpp"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <iostream>
#include <optional>
#include <string>

#include "exit_code.hpp"
#include "spheregate/app/daemon.hpp"
#include "spheregate/app/version.hpp"
#include "spheregate/config/config.hpp"

namespace spheregate::app {
namespace {

// Nothing when there are problems; they are on stderr then, one a line.
std::optional<config::Config> loadOrComplain(const std::string& file) {
  config::Loaded loaded = config::load(file);
  for (const config::Problem& problem : loaded.problems) std::fprintf(stderr, "%s\n", config::text(problem).c_str());
  if (!loaded.problems.empty()) return std::nullopt;
  return std::move(loaded.config);
}

int run(const std::string& file) {
  const auto config = loadOrComplain(file);
  return config ? runDaemon(*config) : kBadConfiguration;
}

int check(const std::string& file) {
  if (!loadOrComplain(file)) return kBadConfiguration;
  std::printf("%s: good\n", file.c_str());
  return kGood;
}

int show(const std::string& file) {
  const auto config = loadOrComplain(file);
  if (!config) return kBadConfiguration;
  std::fputs(config::show(*config).c_str(), stdout);
  return kGood;
}

}  // namespace

int runCommand(int argc, const char* const* argv) {
  CLI::App program{"MQTT gateway to Azure IoT Hub for fleets with X.509 devices", "spheregate"};
  program.set_version_flag("--version", std::string{"spheregate "} + kVersion);
  program.require_subcommand(0, 1);
  std::string file;

  CLI::App* runs = program.add_subcommand("run", "run the gateway in the foreground; logs go to stderr");
  runs->add_option("--config", file, "the configuration file")->required()->type_name("FILE");
  CLI::App* configs = program.add_subcommand("config", "check or show a configuration file");
  configs->require_subcommand(1);
  CLI::App* checks = configs->add_subcommand("check", "name every mistake, with its place and what to do");
  checks->add_option("file,--config", file, "the configuration file")->required()->type_name("FILE");
  CLI::App* shows = configs->add_subcommand("show", "print the values in effect, defaults included");
  shows->add_option("file,--config", file, "the configuration file")->required()->type_name("FILE");
  program.add_subcommand("help", "print this text");
  const std::string help = program.help("", CLI::AppFormatMode::All);

  try {
    program.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    // Asking for help or the version arrives here too, as an "error" with code 0.
    return program.exit(error, std::cout, std::cerr) == 0 ? kGood : kWrongUsage;
  }
  if (runs->parsed()) return run(file);
  if (checks->parsed()) return check(file);
  if (shows->parsed()) return show(file);
  const bool asked = !program.get_subcommands().empty();
  (asked ? std::cout : std::cerr) << help;
  return asked ? kGood : kWrongUsage;
}

}  // namespace spheregate::app
