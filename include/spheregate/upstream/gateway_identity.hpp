#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "spheregate/base/clock.hpp"
#include "spheregate/base/result.hpp"
#include "spheregate/upstream/control_client.hpp"
#include "spheregate/upstream/credentials.hpp"
#include "spheregate/upstream/settings.hpp"

namespace spheregate::upstream {

// What the gateway needs to be itself at the hub.
struct GatewayLogin {
  std::string hub;       // the host that answers for it
  std::string deviceId;  // of a module: of its device
  ControlLogin login;
  base::WallTime expires = base::WallTime::max();  // of the token; of a certificate the connection does not care
};

// Who the gateway itself is at the hub: a device, or the module `$edgeHub` of an IoT Edge device. Core thread only.
class GatewayIdentity {
 public:
  using Done = std::function<void(base::Explained<GatewayLogin>)>;

  virtual ~GatewayIdentity() = default;
  // As Credentials::login: `done` runs once, inside the call when nobody has to be asked, and the return value is null then.
  [[nodiscard]] virtual std::unique_ptr<LoginRequest> login(base::WallTime now, Done done) = 0;
  // The hub answered such a login with CONNACK 5.
  virtual void refused() {}
  virtual void accepted() {}
  // What to look at when the hub refuses: it never says why.
  virtual std::string_view remedy() const = 0;
};

// Null for the types of `upstream.auth` that give the gateway no identity of its own. Reads the files that the settings name; the error
// names file and fix, never a secret.
base::Explained<std::unique_ptr<GatewayIdentity>> loadGatewayIdentity(const AuthSettings& settings, std::string_view hub);

}  // namespace spheregate::upstream
