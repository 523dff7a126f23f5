#pragma once

#include <memory>
#include <string_view>

#include "hubsim/login.hpp"
#include "spheregate/base/timers.hpp"
#include "spheregate/base/wire.hpp"

namespace spheregate::hubsim {

// Who takes the connections a listener has shaken hands with: the hub, or its provisioning service.
class Reception {
 public:
  virtual ~Reception() = default;
  // False while everyone is turned away.
  virtual bool acceptsConnections() const = 0;
  // A finished TLS handshake. The wire is kept until the conversation on it has ended.
  virtual void admit(std::shared_ptr<base::Wire> wire, ClientCertificate certificate) = 0;
  virtual void handshakeFailed(std::string_view peer, std::string_view reason) = 0;
  virtual base::Timers& timers() = 0;
};

}  // namespace spheregate::hubsim
