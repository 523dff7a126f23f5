#pragma once

#include <functional>
#include <memory>
#include <string_view>

#include "spheregate/base/result.hpp"
#include "spheregate/base/wire.hpp"
#include "spheregate/tls/connector.hpp"

namespace spheregate::upstream {

// One attempt to reach the hub. Destroying it cancels it.
class Dial {
 public:
  virtual ~Dial() = default;
};

// The seam to the network on the hub's side.
class Dialer {
 public:
  // Runs once, on the core thread, never inside `dial`.
  using Done = std::function<void(base::Explained<std::unique_ptr<base::Wire>>)>;
  virtual ~Dialer() = default;
  // An empty host means the configured hub.
  virtual std::unique_ptr<Dial> dial(std::string_view host, Done done) = 0;
};

// The real one.
class TlsDialer final : public Dialer {
 public:
  explicit TlsDialer(tls::Connector& connector) : connector_{connector} {}
  std::unique_ptr<Dial> dial(std::string_view host, Done done) override;

 private:
  tls::Connector& connector_;
};

}  // namespace spheregate::upstream
