#include "spheregate/provisioning/group_credentials.hpp"

#include <utility>

#include "spheregate/provisioning/service_login.hpp"
#include "spheregate/upstream/key_file.hpp"

namespace spheregate::provisioning {

using upstream::Login;

GroupCredentials::GroupCredentials(const Parts& parts, hub::SharedAccessKey groupKey, std::string hub, std::chrono::seconds tokenLife)
    : timers_{parts.timers},
      idScope_{parts.settings.idScope},
      key_{std::move(groupKey)},
      hub_{std::move(hub)},
      life_{tokenLife},
      assigner_{parts,
                [this](std::string_view id, base::WallTime now) { return loginByKey(key_.derive(id), idScope_, id, now); },
                [this](std::string_view id, const Assignment& assignment) { return judge(id, assignment); }} {}

std::unique_ptr<upstream::LoginRequest> GroupCredentials::login(std::string_view deviceId, base::WallTime, Done done) {
  if (const auto fault = registrationIdFault(deviceId)) {
    done(base::failed<Login>("device " + std::string{deviceId} + " cannot be registered at the provisioning service: " + *fault +
                             "; give it a certificate with another name, or use another upstream.auth"));
    return nullptr;
  }
  return assigner_.find(deviceId, [this, id = std::string{deviceId}, done = std::move(done)](const base::Explained<Assignment>& found) {
    if (!found) return done(base::failed<Login>(found.error()));
    // The answer may come long after the question.
    done(upstream::loginByKey(key_.derive(id), found->hub, id, {}, timers_.clock().wall() + life_));
  });
}

std::optional<std::string> GroupCredentials::judge(std::string_view deviceId, const Assignment& assignment) const {
  if (assignment.deviceId != deviceId) {
    return "the provisioning service assigned the device id " + assignment.deviceId + " to the registration " + std::string{deviceId} +
           ", but in transparent mode both must be the name in the device's certificate; mend the device id of the enrolment";
  }
  return otherHub(assignment, hub_);
}

std::string_view GroupCredentials::remedy() const {
  return "check that the device exists and is enabled in the hub it was assigned, and this machine's clock; after three refusals the "
         "provisioning service is asked again";
}

base::Explained<std::unique_ptr<GroupCredentials>> loadGroupCredentials(const upstream::AuthSettings& settings, std::string_view hub,
                                                                        const Parts& parts) {
  auto key = upstream::readKey(settings.groupKeyFile);
  if (!key) return key.error();
  return std::make_unique<GroupCredentials>(parts, std::move(*key), std::string{hub}, settings.tokenLife);
}

}  // namespace spheregate::provisioning
