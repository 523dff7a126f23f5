#include "setup.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <utility>

#include "command_line.hpp"
#include "spheregate/x509/certificate_text.hpp"

namespace spheregate::app {
namespace {

std::int64_t secondsLeft(std::int64_t until) {
  return until - std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
}

}  // namespace

std::shared_ptr<SetupOptions> addSetupOptions(CLI::App& command) {
  auto options = std::make_shared<SetupOptions>();
  CLI::Option* config = command.add_option("--config", options->config, "the configuration file")->type_name("FILE");
  command.add_option("--dir", options->directory, "the directory that `spheregate init` made, instead")
      ->type_name("DIR")
      ->excludes(config);
  return options;
}

std::filesystem::path configFile(const SetupOptions& options) {
  if (!options.config.empty()) return options.config;
  if (!options.directory.empty()) return std::filesystem::path{options.directory} / "spheregate.yaml";
  return kConfigFile;
}

std::optional<config::Config> readSetup(const SetupOptions& options, const std::vector<std::string>& needed) {
  config::Loaded loaded = config::load(configFile(options));
  bool good = true;
  for (const config::Problem& problem : loaded.problems) {
    const bool matters = problem.key.empty() || std::any_of(needed.begin(), needed.end(),
                                                            [&](const std::string& key) { return problem.key.starts_with(key); });
    if (!matters) continue;
    good = false;
    std::fprintf(stderr, "%s\n", config::text(problem).c_str());
  }
  if (!good) return std::nullopt;
  return std::move(loaded.config);
}

void complain(const std::string& sentence) { std::fprintf(stderr, "spheregate: %s\n", sentence.c_str()); }

std::string expiryText(std::int64_t notAfterSeconds) {
  const std::int64_t left = secondsLeft(notAfterSeconds);
  return left >= 0 ? "in " + x509::spanText(left) : "expired " + x509::spanText(-left) + " ago";
}

std::int64_t daysLeft(std::int64_t notAfterSeconds) { return secondsLeft(notAfterSeconds) / 86'400; }

}  // namespace spheregate::app
