#pragma once

#include <chrono>
#include <string>

#include "spheregate/hub/sas.hpp"
#include "spheregate/upstream/credentials.hpp"

namespace spheregate::upstream {

// One key of a policy of the whole hub speaks for every device, each with a token for that device alone.
class HubPolicy final : public Credentials {
 public:
  HubPolicy(std::string hub, std::string policy, hub::SharedAccessKey key, std::chrono::seconds life);

  std::unique_ptr<LoginRequest> login(std::string_view deviceId, base::WallTime now, Done done) override;
  std::string_view remedy() const override;

 private:
  std::string hub_;
  std::string policy_;
  hub::SharedAccessKey key_;
  std::chrono::seconds life_;
};

}  // namespace spheregate::upstream
