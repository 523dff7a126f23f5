#pragma once

#include <chrono>
#include <string>

#include "spheregate/hub/sas.hpp"
#include "spheregate/upstream/credentials.hpp"

namespace spheregate::upstream {

// The gateway stands where edgeHub would: with the key of an edge device's module $edgeHub it speaks for every child of that edge.
// One token serves all of them, so it is signed anew when half of its life is gone, and each login tells when it ends.
class OnBehalfOf final : public Credentials {
 public:
  enum class AuthChain : bool { left, sent };
  OnBehalfOf(std::string hub, std::string edge, hub::SharedAccessKey moduleKey, AuthChain authChain, std::chrono::seconds life);

  std::unique_ptr<LoginRequest> login(std::string_view deviceId, base::WallTime now, Done done) override;
  std::string_view remedy() const override;

 private:
  std::string hub_;
  std::string edge_;
  hub::SharedAccessKey key_;
  AuthChain authChain_;
  std::chrono::seconds life_;
  std::string token_;
  base::WallTime expires_{};
};

}  // namespace spheregate::upstream
