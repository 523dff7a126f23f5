#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "spheregate/base/clock.hpp"
#include "spheregate/base/result.hpp"
#include "spheregate/hub/sas.hpp"
#include "spheregate/upstream/settings.hpp"

namespace spheregate::upstream {

// What a link needs to be somebody at the hub.
struct Login {
  std::string hub;           // the host that answers for this device; the settings' hub unless it was assigned another
  std::string usernameTail;  // goes behind the device's own query, for example `&auth-chain=leaf%3Bedge`
  std::string password;
  base::WallTime expires{};
};

// Stands for a login that is being asked for. Destroying it cancels that; it may be destroyed inside its own `done`.
class LoginRequest {
 public:
  virtual ~LoginRequest() = default;
};

// How devices log in to the hub. Core thread only.
class Credentials {
 public:
  using Done = std::function<void(base::Explained<Login>)>;

  virtual ~Credentials() = default;
  // A fresh login for the device, or a sentence that says why there is none (for example: no key for this device). `done` runs once:
  // inside the call when nobody has to be asked, and the return value is null then; otherwise later.
  [[nodiscard]] virtual std::unique_ptr<LoginRequest> login(std::string_view deviceId, base::WallTime now, Done done) = 0;
  // The hub answered such a login with CONNACK 5, not authorized.
  virtual void refused(std::string_view deviceId) { (void)deviceId; }
  // The hub let such a login in.
  virtual void accepted(std::string_view deviceId) { (void)deviceId; }
  // What to look at when the hub refuses: it never says why.
  virtual std::string_view remedy() const {
    return "check that the device exists and is enabled in the hub, this machine's clock, and the key of upstream.auth; where the key is another "
           "now, write it to its file, then restart the gateway";
  }
};

// A login with the device's own token, signed by a key of its own or, with `policy`, by a policy of the whole hub.
Login loginByKey(const hub::SharedAccessKey& key, std::string_view hub, std::string_view deviceId, std::string_view policy,
                 base::WallTime expires);

// For the types that need nothing but keys. Reads the secrets that the settings name. The error names file, line and fix, never a secret.
base::Explained<std::unique_ptr<Credentials>> loadCredentials(const AuthSettings& settings, std::string_view hub);

}  // namespace spheregate::upstream
