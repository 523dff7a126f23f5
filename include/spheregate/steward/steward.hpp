#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "spheregate/base/timers.hpp"
#include "spheregate/state/store.hpp"
#include "spheregate/steward/wishes.hpp"
#include "spheregate/upstream/gateway_link.hpp"

namespace spheregate::steward {

// What the gateway says of itself.
struct Health {
  std::string version;
  std::string startedAt;  // ISO 8601
  std::uint64_t devicesConnected = 0;
  std::uint64_t queueMessages = 0;
  std::uint64_t queueBytes = 0;
  std::string lastError;
};

// What the steward may touch. Each is called only when something changes, with what is in force from then on.
struct Controls {
  std::function<void(const std::vector<std::string>&)> denyList;
  std::function<void(base::LogLevel)> logLevel;
  std::function<void(std::chrono::seconds)> messageTtl;
  std::function<void(double)> drainRate;
};

// What the configuration says, in force where nothing else is wished.
struct Configured {
  base::LogLevel logLevel = base::LogLevel::info;
  std::chrono::seconds messageTtl{};
  double drainRate = 0;
  bool operator==(const Configured&) const = default;
};

// The gateway's own twin, on the gateway's own connection: reports its health, at most once a minute and only what changed, and does what
// the desired properties wish under `spheregate`, answering each key as IoT Plug and Play has it. Wishes are kept, so that a start without
// an uplink has them. Core thread only; the parts outlive it.
class Steward final : private upstream::GatewayUser {
 public:
  Steward(upstream::GatewayLink& gateway, state::Store& store, base::Timers& timers, Configured configured, Controls controls,
          std::function<Health()> health);
  ~Steward() override;
  Steward(const Steward&) = delete;
  Steward& operator=(const Steward&) = delete;

  // What was kept is in force when this returns. Waits for the store's thread; for start-up.
  void begin();
  const Wishes& wishes() const;
  // The configuration says something else from now on; a wish that is in force stays so.
  void configure(const Configured& configured);

 private:
  struct Inside;

  void gatewayUp() override;
  void gatewayDown(std::string_view reason) override;
  void gatewayAcknowledged(std::uint64_t) override {}
  void gatewayMessage(const upstream::ControlMessage& message) override;

  std::unique_ptr<Inside> inside_;
};

}  // namespace spheregate::steward
