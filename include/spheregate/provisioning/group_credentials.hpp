#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "spheregate/hub/sas.hpp"
#include "spheregate/provisioning/assigner.hpp"
#include "spheregate/upstream/credentials.hpp"

namespace spheregate::provisioning {

// Devices of one enrolment group of the provisioning service: the group's key gives each its own, with which it registers there and
// then logs in to the hub it was assigned. The registration id is the device id, which must stay the device id at the hub.
class GroupCredentials final : public upstream::Credentials {
 public:
  // `hub`: the only one that is taken, or empty for whichever the service assigns.
  GroupCredentials(const Parts& parts, hub::SharedAccessKey groupKey, std::string hub, std::chrono::seconds tokenLife);

  std::unique_ptr<upstream::LoginRequest> login(std::string_view deviceId, base::WallTime now, Done done) override;
  void refused(std::string_view deviceId) override { assigner_.refused(deviceId); }
  void accepted(std::string_view deviceId) override { assigner_.accepted(deviceId); }
  std::string_view remedy() const override;

  const Assigner& assigner() const { return assigner_; }

 private:
  std::optional<std::string> judge(std::string_view deviceId, const Assignment& assignment) const;

  base::Timers& timers_;
  std::string idScope_;
  hub::SharedAccessKey key_;
  std::string hub_;
  std::chrono::seconds life_;
  Assigner assigner_;
};

// Reads the group's key. `parts` as for the Assigner.
base::Explained<std::unique_ptr<GroupCredentials>> loadGroupCredentials(const upstream::AuthSettings& settings, std::string_view hub,
                                                                        const Parts& parts);

}  // namespace spheregate::provisioning
