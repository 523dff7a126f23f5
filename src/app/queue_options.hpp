#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <memory>
#include <string>

#include "admin_options.hpp"
#include "queue_source.hpp"

namespace spheregate::app {

// What commands about the queue have on their line, besides what they do.
struct QueueOptions {
  std::shared_ptr<AdminOptions> admin;
  std::string store;  // a store to be read in any case

  static std::shared_ptr<QueueOptions> addTo(CLI::App& command, const std::shared_ptr<QueueOptions>& shared = nullptr);
};

// The gateway when somebody serves its socket, else its store. Nothing when neither can be asked: why is on stderr then, and the exit code
// in `code`.
std::unique_ptr<QueueSource> openQueueSource(const QueueOptions& options, int& code);

// Prints a good answer, as JSON where that is wished; the exit code.
int showAnswer(const QueueOptions& options, const base::Explained<nlohmann::json>& answer,
               const std::function<std::string(const nlohmann::json&)>& text);

}  // namespace spheregate::app
