#pragma once

#include <memory>

#include "spheregate/identity/aliases.hpp"

namespace spheregate::app {

// The names in force, also in the lines of the log for as long as this lives. Core thread only.
class DeviceNames {
 public:
  // The error says what is wrong with the configuration or its file.
  static base::Explained<std::unique_ptr<DeviceNames>> load(const identity::Settings& settings);
  ~DeviceNames();
  DeviceNames(const DeviceNames&) = delete;
  DeviceNames& operator=(const DeviceNames&) = delete;

  void use(identity::Aliases aliases);
  const identity::Aliases& now() const { return *aliases_; }

 private:
  explicit DeviceNames(identity::Aliases aliases);

  std::shared_ptr<const identity::Aliases> aliases_;  // shared with lines that other threads log
};

}  // namespace spheregate::app
