#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "spheregate/base/result.hpp"
#include "spheregate/config/config.hpp"

namespace spheregate::app {

// Where the commands about the queue have their answers from: a gateway that runs, or its store while none does. Answers are those of
// docs/admin-api.md, all pages in one.
class QueueSource {
 public:
  virtual ~QueueSource() = default;

  // At most so many devices, those with most queued.
  virtual base::Explained<nlohmann::json> queue(std::size_t devicesMax) = 0;
  virtual base::Explained<nlohmann::json> deadLetters() = 0;
  virtual base::Explained<nlohmann::json> audit() = 0;
  // Every message and then every dead letter, each as one object; `take` answers false to end it. What cannot be read is there with its `fault`.
  using Take = std::function<bool(const nlohmann::json& entry)>;
  virtual base::Explained<void> exportTo(const Take& take) = 0;
};

std::unique_ptr<QueueSource> gatewayQueue(std::filesystem::path socket);
// `aliases` and limits come from the configuration; none: there are none. The error says why the store cannot be read.
base::Explained<std::unique_ptr<QueueSource>> storedQueue(const std::filesystem::path& directory, const config::Config* config);

}  // namespace spheregate::app
