#pragma once

#include <memory>
#include <optional>
#include <string>

#include "spheregate/provisioning/assigner.hpp"
#include "spheregate/upstream/gateway_identity.hpp"
#include "spheregate/upstream/settings.hpp"

namespace spheregate::provisioning {

// The gateway's own identity, registered at the provisioning service under `upstream.auth.device_id`, with the key or the certificate that
// then opens the assigned hub. The hub may know it under another device id.
class AssignedGateway final : public upstream::GatewayIdentity {
 public:
  // `hub`: the only one that is taken, or empty for whichever the service assigns.
  AssignedGateway(const Parts& parts, const upstream::AuthSettings& auth, std::optional<hub::SharedAccessKey> key, std::string hub);

  std::unique_ptr<upstream::LoginRequest> login(base::WallTime now, Done done) override;
  void refused() override { assigner_.refused(auth_.deviceId); }
  void accepted() override { assigner_.accepted(auth_.deviceId); }
  std::string_view remedy() const override;

  const Assigner& assigner() const { return assigner_; }

 private:
  void become(const Assignment& assignment, const Done& done);

  base::Timers& timers_;
  upstream::AuthSettings auth_;
  std::string idScope_;
  std::optional<hub::SharedAccessKey> key_;  // nothing with a certificate
  std::string hub_;
  std::optional<Assignment> assignment_;  // that `identity_` is made for
  std::unique_ptr<upstream::GatewayIdentity> identity_;
  Assigner assigner_;
};

// For gateway_sas and gateway_x509 with an id scope. Reads the files that the settings name.
base::Explained<std::unique_ptr<AssignedGateway>> loadAssignedGateway(const upstream::AuthSettings& auth, std::string_view hub,
                                                                      const Parts& parts);

}  // namespace spheregate::provisioning
