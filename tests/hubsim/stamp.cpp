#include "hubsim/stamp.hpp"

#include <utility>

#include "hubsim/client_id.hpp"
#include "hubsim/json_text.hpp"

namespace spheregate::hubsim {

Stamp stampOf(const Login& login, std::string modelId, const Rules& rules) {
  const bool certificate = !login.tokenExpires.has_value();
  std::string scope = isModule(login.device) ? "module" : "device";
  if (!login.policy.empty()) scope = "hub";
  if (!login.actingEdge.empty()) scope = rules.onBehalfScope == OnBehalfScope::module ? "module" : "device";
  const Json method{{"scope", scope}, {"type", certificate ? "x509" : "sas"}, {"issuer", certificate ? "external" : "iothub"}};
  return {dumped(method), std::move(modelId)};
}

}  // namespace spheregate::hubsim
