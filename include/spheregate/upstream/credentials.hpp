#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "spheregate/base/clock.hpp"
#include "spheregate/base/result.hpp"
#include "spheregate/upstream/settings.hpp"

namespace spheregate::upstream {

// What a link says in its CONNECT to be somebody.
struct Password {
  std::string text;
  base::WallTime expires;
};

// How devices log in to the hub.
class Credentials {
 public:
  virtual ~Credentials() = default;
  // A fresh password for the device, or a sentence that says why there is none (for example: no key for this device).
  virtual base::Explained<Password> password(std::string_view deviceId, base::WallTime now) const = 0;
};

// Reads the secrets that the settings name. The error names file, line and fix, never a secret.
base::Explained<std::unique_ptr<Credentials>> loadCredentials(const AuthSettings& settings, std::string_view hub);

}  // namespace spheregate::upstream
