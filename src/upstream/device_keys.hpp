#pragma once

#include <chrono>
#include <string>
#include <unordered_map>

#include "spheregate/hub/sas.hpp"
#include "spheregate/upstream/credentials.hpp"

namespace spheregate::upstream {

// A key for each device.
class DeviceKeys final : public Credentials {
 public:
  using Keys = std::unordered_map<std::string, hub::SharedAccessKey>;
  DeviceKeys(std::string hub, std::string file, Keys keys, std::chrono::seconds life);

  // `id,key` or `id: key`, one a line; `#` begins a comment.
  static base::Explained<Keys> read(const std::filesystem::path& file);

  std::unique_ptr<LoginRequest> login(std::string_view deviceId, base::WallTime now, Done done) override;
  std::string_view remedy() const override;

 private:
  std::string hub_;
  std::string file_;
  Keys keys_;
  std::chrono::seconds life_;
};

}  // namespace spheregate::upstream
