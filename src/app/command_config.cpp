#include <cstdio>
#include <memory>
#include <utility>

#include "command_line.hpp"
#include "exit_code.hpp"

namespace spheregate::app {
namespace {

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

std::optional<config::Config> loadOrComplain(const std::string& file) {
  config::Loaded loaded = config::load(file);
  for (const config::Problem& problem : loaded.problems) std::fprintf(stderr, "%s\n", config::text(problem).c_str());
  if (!loaded.problems.empty()) return std::nullopt;
  return std::move(loaded.config);
}

void addConfigCommands(CLI::App& program, Deed& deed) {
  const auto file = std::make_shared<std::string>(kConfigFile);
  CLI::App* configs = program.add_subcommand("config", "check or show a configuration file");
  configs->require_subcommand(1);
  CLI::App* checks = configs->add_subcommand("check", "name every mistake, with its place and what to do");
  checks->add_option("file,--config", *file, "the configuration file")->type_name("FILE")->capture_default_str();
  checks->callback([file, &deed] { deed = [file] { return check(*file); }; });
  CLI::App* shows = configs->add_subcommand("show", "print the values in effect, defaults included");
  shows->add_option("file,--config", *file, "the configuration file")->type_name("FILE")->capture_default_str();
  shows->callback([file, &deed] { deed = [file] { return show(*file); }; });
}

}  // namespace spheregate::app
