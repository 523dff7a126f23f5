#include "hub_policy.hpp"

#include <utility>

namespace spheregate::upstream {

HubPolicy::HubPolicy(std::string hub, std::string policy, hub::SharedAccessKey key, std::chrono::seconds life)
    : hub_{std::move(hub)}, policy_{std::move(policy)}, key_{std::move(key)}, life_{life} {}

std::unique_ptr<LoginRequest> HubPolicy::login(std::string_view deviceId, base::WallTime now, Done done) {
  done(loginByKey(key_, hub_, deviceId, policy_, now + life_));
  return nullptr;
}

std::string_view HubPolicy::remedy() const {
  return "check that the device exists and is enabled in the hub, that upstream.auth names a policy with the permission device connect "
         "and the file holds its key, and this machine's clock; where the key is another now, write it to that file, then restart the gateway";
}

}  // namespace spheregate::upstream
