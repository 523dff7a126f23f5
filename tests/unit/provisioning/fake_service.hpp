#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "spheregate/base/timers.hpp"
#include "spheregate/upstream/control_client.hpp"

namespace spheregate::test {

// A provisioning service behind the seam of the gateway's MQTT client: answers after `latency` what `judge` says, and counts. Events come
// through the timers, as the real client's come through the loop.
class FakeService final : public upstream::ControlClients {
 public:
  struct Reply {
    std::string status = "200";  // with what follows the request id, for example `202` and `&retry-after=3`
    std::string parameters;
    std::string body;
  };

  explicit FakeService(base::Timers& timers) : timers_{timers} {}

  std::unique_ptr<upstream::ControlClient> make(upstream::ControlUser& user, upstream::ControlClient::Keep) override {
    return std::make_unique<Client>(*this, user);
  }

  static Reply assignedTo(const std::string& hub, const std::string& deviceId) {
    return {.status = "200",
            .parameters = {},
            .body = R"({"operationId":"4","status":"assigned","registrationState":{"assignedHub":")" + hub + R"(","deviceId":")" + deviceId + "\"}}"};
  }
  static Reply working() { return {.status = "202", .parameters = "&retry-after=3", .body = R"({"operationId":"4","status":"assigning"})"}; }

  // The answer to a registration; a poll is always answered by the hub below.
  std::function<Reply(const std::string& id)> judge = [this](const std::string& id) { return assignedTo(hub, id); };
  std::string hub = "first.azure-devices.net";
  bool reachable = true;
  bool silent = false;
  int refusal = 0;  // CONNACK code
  base::Duration latency = std::chrono::milliseconds{200};

  std::vector<base::MonoTime> connects;
  std::vector<upstream::ControlLogin> logins;
  std::vector<std::string> registered;  // ids, in the order of their PUT
  std::size_t open = 0;
  std::size_t openMost = 0;

 private:
  class Client final : public upstream::ControlClient {
   public:
    Client(FakeService& service, upstream::ControlUser& user) : service_{service}, user_{user} {}
    ~Client() override { disconnect(); }
    void connect(const upstream::ControlAddress&, const upstream::ControlLogin& login, std::chrono::seconds,
                 std::chrono::milliseconds) override {
      id_ = login.clientId;
      service_.connects.push_back(service_.timers_.now());
      service_.logins.push_back(login);
      connected_ = true;
      service_.openMost = std::max(service_.openMost, ++service_.open);
      later([this] {
        if (!service_.reachable) return down("no connection: the server cannot be reached", 0);
        if (service_.refusal != 0) return down("the server refused the CONNECT with code " + std::to_string(service_.refusal), service_.refusal);
        user_.controlUp();
      });
    }
    void subscribe(std::string filter, int) override { subscribed_ = filter == "$dps/registrations/res/#"; }
    void unsubscribe(std::string) override {}
    bool publish(std::string topic, base::Bytes, int, bool, std::uint64_t) override {
      if (service_.silent || !subscribed_) return true;
      const bool put = topic.find("/PUT/") != std::string::npos;
      if (put) service_.registered.push_back(id_);
      const std::string rid = topic.substr(topic.find("$rid=") + 5, topic.find('&') - topic.find("$rid=") - 5);
      later([this, put, rid] {
        const Reply reply = put ? service_.judge(id_) : assignedTo(service_.hub, id_);
        const auto body = base::asBytes(reply.body);
        user_.controlMessage({.topic = "$dps/registrations/res/" + reply.status + "/?$rid=" + rid + reply.parameters,
                              .payload = {body.begin(), body.end()},
                              .qos = 1,
                              .dup = false});
      });
      return true;
    }
    void disconnect() override {
      *alive_ = false;
      alive_ = std::make_shared<bool>(true);
      if (std::exchange(connected_, false)) --service_.open;
    }

   private:
    void later(std::function<void()> what) {
      service_.timers_.at(service_.timers_.now() + service_.latency, [alive = alive_, what = std::move(what)] {
        if (*alive) what();
      });
    }
    void down(const std::string& reason, int code) {
      disconnect();
      user_.controlDown(reason, code);
    }

    FakeService& service_;
    upstream::ControlUser& user_;
    std::string id_;
    bool connected_ = false;
    bool subscribed_ = false;
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  };

  base::Timers& timers_;
};

}  // namespace spheregate::test
