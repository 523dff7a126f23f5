#include "spheregate/provisioning/assigned_gateway.hpp"

#include <utility>

#include "host_name.hpp"
#include "spheregate/provisioning/service_login.hpp"
#include "spheregate/upstream/key_file.hpp"

namespace spheregate::provisioning {

using upstream::AuthType;
using upstream::GatewayLogin;

AssignedGateway::AssignedGateway(const Parts& parts, const upstream::AuthSettings& auth, std::optional<hub::SharedAccessKey> key, std::string hub)
    : timers_{parts.timers},
      auth_{auth},
      idScope_{parts.settings.idScope},
      key_{std::move(key)},
      hub_{std::move(hub)},
      assigner_{parts,
                [this](std::string_view id, base::WallTime now) {
                  return key_ ? loginByKey(*key_, idScope_, id, now) : loginByCertificate(auth_.certificate, auth_.privateKey, idScope_, id);
                },
                [this](std::string_view, const Assignment& assignment) { return otherHub(assignment, hub_); }} {}

std::unique_ptr<upstream::LoginRequest> AssignedGateway::login(base::WallTime, Done done) {
  return assigner_.find(auth_.deviceId, [this, done = std::move(done)](const base::Explained<Assignment>& found) {
    if (!found) return done(base::failed<GatewayLogin>(found.error()));
    become(*found, done);
  });
}

void AssignedGateway::become(const Assignment& assignment, const Done& done) {
  if (assignment_ != assignment) {
    upstream::AuthSettings own = auth_;
    own.deviceId = assignment.deviceId;
    auto made = upstream::loadGatewayIdentity(own, assignment.hub);
    if (!made) return done(base::failed<GatewayLogin>(made.error()));
    identity_ = std::move(*made);
    assignment_ = assignment;
  }
  // Such an identity asks nobody. The answer may have come long after the question.
  (void)identity_->login(timers_.clock().wall(), done);
}

std::string_view AssignedGateway::remedy() const {
  return "check that the gateway's own device exists and is enabled in the hub it was assigned, its key or certificate, and this machine's "
         "clock; after three refusals the provisioning service is asked again";
}

base::Explained<std::unique_ptr<AssignedGateway>> loadAssignedGateway(const upstream::AuthSettings& auth, std::string_view hub,
                                                                      const Parts& parts) {
  if (const auto fault = registrationIdFault(auth.deviceId)) {
    return "upstream.auth.device_id: " + *fault + "; with id_scope it is the registration id of the gateway's enrolment";
  }
  std::optional<hub::SharedAccessKey> key;
  if (auth.type == AuthType::gatewaySas) {
    auto read = upstream::readKey(auth.keyFile);
    if (!read) return read.error();
    key = std::move(*read);
  } else if (const auto usable = upstream::loadGatewayIdentity(auth, hub); !usable) {
    return usable.error();  // the certificate, which nobody else looks at before the first registration
  }
  return std::make_unique<AssignedGateway>(parts, auth, std::move(key), std::string{hub});
}

}  // namespace spheregate::provisioning
