#pragma once

#include <CLI/CLI.hpp>
#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "command_line.hpp"
#include "spheregate/base/result.hpp"

namespace spheregate::app {

// How a command finds the gateway, and how it answers.
struct AdminOptions {
  std::string config = kConfigFile;
  bool configGiven = false;
  std::string socket;
  bool json = false;

  // A command and the one before it on the line share theirs, so that it does not matter behind which they are written.
  static std::shared_ptr<AdminOptions> addTo(CLI::App& command, std::shared_ptr<AdminOptions> options = nullptr);
  // --socket; else what the configuration says; else, where there is no configuration at the usual place, or what is there is not
  // YAML, the default. Mistakes of the configuration go to stderr. Nothing when they hide where the socket is.
  std::optional<std::filesystem::path> socketPath() const;
};

// Asks the gateway and hands a good answer to `show`, or prints it as it is with --json. Everything else goes to stderr. Returns the exit code.
int askAndShow(const AdminOptions& options, std::string_view method, const std::string& target,
               const std::function<void(const nlohmann::json&)>& show);
// One good answer; the error is a sentence, with what to do, and `status` that of HTTP, where somebody answered.
base::Explained<nlohmann::json> answered(const std::filesystem::path& socket, std::string_view method, const std::string& target,
                                      std::chrono::seconds patience = std::chrono::seconds{30}, unsigned* status = nullptr);
// One answer, for a command that asks several times. Nothing when there is none; why is on stderr then, and the exit code in `code`.
std::optional<nlohmann::json> answerOf(const std::filesystem::path& socket, std::string_view method, const std::string& target, int& code);

}  // namespace spheregate::app
