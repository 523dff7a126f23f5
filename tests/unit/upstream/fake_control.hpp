#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "spheregate/upstream/control_client.hpp"
#include "spheregate/upstream/gateway_identity.hpp"

namespace spheregate::upstream::test {

// A client whose server is the test.
class FakeControl final : public ControlClient {
 public:
  struct Published {
    std::string topic;
    std::string payload;
    int qos;
    std::uint64_t token;
  };

  FakeControl(ControlUser& controlUser, Keep controlKeep) : user{controlUser}, keep{std::move(controlKeep)} {}
  void connect(const ControlAddress& to, const ControlLogin& with, std::chrono::seconds, std::chrono::milliseconds) override {
    ++connects;
    address = to;
    login = with;
    connecting = true;
  }
  void subscribe(std::string filter, int) override { subscribed.push_back(std::move(filter)); }
  void unsubscribe(std::string filter) override { std::erase(subscribed, filter); }
  bool publish(std::string topic, base::Bytes payload, int qos, bool, std::uint64_t token) override {
    if (full) return false;
    published.push_back({std::move(topic), std::string{base::asText(payload)}, qos, token});
    return true;
  }
  void disconnect() override { connecting = up = false; }

  // The server's side.
  void accepts() {
    connecting = false;
    up = true;
    subscribed.clear();
    published.clear();
    user.controlUp();
  }
  void fails(std::string_view reason, int refusal = 0) {
    connecting = up = false;
    user.controlDown(reason, refusal);
  }
  // The oldest message without one gets its PUBACK.
  void acknowledges(std::size_t count = 1) {
    for (; count > 0; --count) {
      const std::uint64_t token = published.front().token;
      published.erase(published.begin());
      user.controlAcknowledged(token);
    }
  }
  void sends(std::string topic, std::string_view payload, int qos = 1, bool dup = false) {
    ControlMessage message{.topic = std::move(topic), .payload = {payload.begin(), payload.end()}, .qos = qos, .dup = dup};
    if (qos > 0 && keep) keep(message);
    user.controlMessage(message);
  }

  ControlUser& user;
  Keep keep;
  ControlAddress address;
  ControlLogin login;
  int connects = 0;
  bool connecting = false;
  bool up = false;
  bool full = false;
  std::vector<std::string> subscribed;
  std::vector<Published> published;  // without PUBACK
};

class FakeControls final : public ControlClients {
 public:
  std::unique_ptr<ControlClient> make(ControlUser& user, ControlClient::Keep keep) override {
    auto made = std::make_unique<FakeControl>(user, std::move(keep));
    client = made.get();
    return made;
  }
  FakeControl* client = nullptr;  // the latest
};

class FakeIdentity final : public GatewayIdentity {
 public:
  std::unique_ptr<LoginRequest> login(base::WallTime now, Done done) override {
    if (missing) {
      done(base::failed<GatewayLogin>("no identity yet"));
      return nullptr;
    }
    GatewayLogin made{.hub = "contoso.azure-devices.net", .deviceId = "plant", .login = {}, .expires = now + std::chrono::hours{1}};
    made.login.clientId = "plant";
    done(std::move(made));
    return nullptr;
  }
  void refused() override { ++refusals; }
  std::string_view remedy() const override { return "look here"; }
  bool missing = false;
  int refusals = 0;
};

}  // namespace spheregate::upstream::test
