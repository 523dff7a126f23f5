#pragma once

#include <memory>
#include <random>
#include <string>

#include "fake_hub.hpp"
#include "fake_runner.hpp"
#include "memory_store.hpp"
#include "spheregate/metrics/registry.hpp"
#include "spheregate/queue/custody.hpp"
#include "spheregate/relay/front.hpp"
#include "spheregate/relay/uplink.hpp"
#include "spheregate/upstream/own_link.hpp"
#include "world.hpp"

namespace spheregate::simulation {

struct GatewaySettings {
  session::Settings session;
  queue::Settings queue;
  upstream::Settings upstream;
  base::Duration diskLatencyMax = std::chrono::milliseconds{5};
};

// The whole daemon less OpenSSL and the operating system, for one life of its process. Destroying it is a SIGKILL.
class Gateway {
 public:
  Gateway(World& world, const GatewaySettings& settings, queue::Disk& disk, MemoryTables& tables, FakeHub& hub);

  void welcome(std::unique_ptr<base::Wire> wire, const std::string& deviceId);
  queue::Custody& custody() { return custody_; }
  relay::Uplink& uplink() { return uplink_; }
  MemoryStore& state() { return state_; }
  // accepted = delivered + queued + expired + dropped + dead-lettered, in total and for every device.
  bool booksBalance() const;
  // Which devices have messages queued, and how their links are.
  std::string waiting() const;

 private:
  class Passwords final : public upstream::Credentials {
   public:
    std::unique_ptr<upstream::LoginRequest> login(std::string_view, base::WallTime now, Done done) override {
      done(upstream::Login{
          .hub = "contoso.azure-devices.net", .usernameTail = {}, .password = "a token", .expires = now + std::chrono::minutes{20}});
      return nullptr;
    }
  };

  GatewaySettings settings_;
  metrics::Registry metrics_;
  FakeRunner runner_;
  queue::Custody custody_;
  MemoryStore state_;
  FakeDialer dialer_;
  upstream::Pacer pacer_;
  Passwords passwords_;
  upstream::LinkMetrics linkMetrics_;
  std::mt19937_64 random_;
  upstream::Weather weather_;
  upstream::LinkContext linkContext_;
  upstream::OwnLinks links_;
  relay::Uplink uplink_;
  relay::Front front_;
};

}  // namespace spheregate::simulation
