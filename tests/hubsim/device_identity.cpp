#include "hubsim/device_identity.hpp"

#include <openssl/rand.h>

#include <algorithm>

#include "hubsim/base64.hpp"
#include "spheregate/base/check.hpp"

namespace spheregate::hubsim {

base::Explained<NamedKey> NamedKey::fromBase64(std::string_view text) {
  auto key = hub::SharedAccessKey::fromBase64(text);
  if (!key) return base::failed<NamedKey>(key.error());
  return NamedKey{*std::move(key), std::string{text}};
}

NamedKey NamedKey::random() {
  base::Bytes bytes(32);
  SPHEREGATE_CHECK(RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) == 1);
  return *fromBase64(base64(bytes));
}

bool DeviceIdentity::childOf(const DeviceIdentity& parent) const {
  if (parent.scope.empty()) return false;
  if (!edge && scope == parent.scope) return true;
  return std::find(parentScopes.begin(), parentScopes.end(), parent.scope) != parentScopes.end();
}

std::string scopeOfEdge(const std::string& device) { return "ms-azure-iot-edge://" + device + "-1"; }

}  // namespace spheregate::hubsim
