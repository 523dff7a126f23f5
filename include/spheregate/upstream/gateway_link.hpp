#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "spheregate/base/timers.hpp"
#include "spheregate/upstream/control_client.hpp"
#include "spheregate/upstream/gateway_identity.hpp"
#include "spheregate/upstream/link.hpp"
#include "spheregate/upstream/own_link.hpp"
#include "spheregate/upstream/settings.hpp"

namespace spheregate::upstream {

// Who uses the gateway's own connection. On the core thread.
class GatewayUser {
 public:
  virtual ~GatewayUser() = default;
  virtual void gatewayUp() = 0;
  // The connection is gone, or an attempt failed. What was not acknowledged must be published again.
  virtual void gatewayDown(std::string_view reason) = 0;
  virtual void gatewayAcknowledged(std::uint64_t token) = 0;
  // Everybody sees every message.
  virtual void gatewayMessage(const ControlMessage& message) = 0;
};

// What the gateway's own connection is made from; the composition root owns the parts.
struct GatewayContext {
  const Settings& settings;
  ControlAddress address;               // the host follows from the login
  std::chrono::milliseconds patience;   // resolve, TCP, TLS and CONNACK together
  base::Timers& timers;
  ControlClients& clients;
  GatewayIdentity& identity;
  LinkMetrics& metrics;
  std::mt19937_64& random;
};

// The gateway's connection to the hub under its own identity, over Paho. From `open` on it keeps trying, with exponential back-off and
// full jitter; it renews its token by reconnecting before the expiry, and rebuilds itself when the hub stops acknowledging. Core thread
// only.
class GatewayLink final : private ControlUser {
 public:
  GatewayLink(GatewayContext context, ControlClient::Keep keep);
  ~GatewayLink() override;
  GatewayLink(const GatewayLink&) = delete;
  GatewayLink& operator=(const GatewayLink&) = delete;

  // Before `open`; in this order they hear.
  void add(GatewayUser& user) { users_.push_back(&user); }
  void open();
  // Says DISCONNECT. The users hear nothing of it.
  void close();

  Link::State state() const { return state_; }
  bool up() const { return state_ == Link::State::up; }
  bool failing() const { return failures_ > 0 && state_ != Link::State::up && state_ != Link::State::renewing; }
  std::string_view lastError() const { return lastError_; }
  // Counts the connections that came up.
  std::uint64_t epoch() const { return epoch_; }
  // As of the latest login; empty before the first.
  const std::string& deviceId() const { return deviceId_; }
  std::size_t inflight() const { return unacknowledged_; }

  // Subscribes, now and after every reconnect, until `unfollow`.
  void follow(const std::string& filter, int qos);
  void unfollow(const std::string& filter);
  bool follows(const std::string& filter) const { return followed_.contains(filter); }
  // QoS 1, only while `up`; the user hears `gatewayAcknowledged` with the token.
  void publish(GatewayUser& user, std::uint64_t token, std::string topic, base::Bytes payload, bool retain);
  // QoS 0, only while `up`. False when too much is on its way.
  bool send(std::string topic, base::Bytes payload);
  // The hub does not answer something other than a QoS 1 message: rebuilds the connection.
  void stalled(std::string_view reason);
  // The hub asks for a pause: reconnects after the back-off.
  void refused(std::string_view reason);

 private:
  struct Sent {
    GatewayUser* user;
    std::uint64_t token;
    base::MonoTime at;
    bool acknowledged;
  };

  void askLogin();
  void dial(base::Explained<GatewayLogin> login);
  void watch();
  void renew();
  void reconnect();
  void drop();
  void fail(std::string_view reason);
  void controlUp() override;
  void controlDown(std::string_view reason, int refusal) override;
  void controlAcknowledged(std::uint64_t token) override;
  void controlMessage(const ControlMessage& message) override;

  GatewayContext context_;
  std::vector<GatewayUser*> users_;
  std::unique_ptr<ControlClient> client_;
  Link::State state_ = Link::State::closed;
  std::unique_ptr<LoginRequest> request_;
  std::string deviceId_;
  base::WallTime expires_{};
  base::Timer timer_;    // back-off, deadline of an attempt, then the watch of a live connection
  base::Timer renewal_;
  std::map<std::string, int> followed_;  // filter, QoS
  std::deque<Sent> sent_;                // by number from `firstSent_` on; the front is unacknowledged
  std::uint64_t firstSent_ = 1;
  std::size_t unacknowledged_ = 0;
  std::uint64_t epoch_ = 0;
  base::MonoTime upSince_{};
  unsigned failures_ = 0;
  std::string lastError_;
};

}  // namespace spheregate::upstream
