#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hubsim/http_request.hpp"
#include "hubsim/hub.hpp"
#include "hubsim/login.hpp"
#include "spheregate/base/clock.hpp"
#include "spheregate/base/timers.hpp"
#include "spheregate/base/wire.hpp"
#include "spheregate/mqtt/packets.hpp"

namespace spheregate::hubsim {

struct FakeClock final : base::Clock {
  base::MonoTime mono{std::chrono::hours{1}};
  base::WallTime utc{std::chrono::seconds{1'700'000'000}};
  base::MonoTime now() const override { return mono; }
  base::WallTime wall() const override { return utc; }
};

// A device's end of a connection, in memory.
class FakeWire final : public base::Wire {
 public:
  void says(const base::Bytes& bytes);
  void hangsUp();
  // What the hub sent since the last call: "CONNACK(0) PUBACK(1) SUBACK(2:1:128) PUBLISH(topic q1 #7 dup {payload}) PINGRESP".
  std::string hears();

  void attach(base::WireUser& user) override { user_ = &user; }
  base::Bytes& outbox() override { return outbox_; }
  void flush() override;
  std::size_t backlog() const override { return stuckBytes; }
  void pauseReading() override { paused = true; }
  void resumeReading() override { paused = false; }
  void close() override;
  std::string_view peer() const override { return "test"; }

  bool closed = false;
  bool paused = false;
  int flushes = 0;
  std::size_t stuckBytes = 0;

 private:
  base::WireUser* user_ = nullptr;
  base::Bytes outbox_;
  base::Bytes heard_;
};

// A hub on a fake clock with two policies and a few devices, and packets to say to it.
class Site {
 public:
  static constexpr std::string_view kGatewayKey = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
  static constexpr std::string_view kEdgeHubKey = "dGhlIGtleSBvZiB0aGUgZWRnZSBodWIgbW9kdWxlLi4=";
  static constexpr std::string_view kDeviceKey = "Zm9ydHktdHdvIGlzIG5vdCBhIHNlY3JldCBrZXkuLi4=";

  explicit Site(std::size_t messagesMax = 1000);

  void pass(std::chrono::milliseconds time);
  std::shared_ptr<FakeWire> dial(ClientCertificate certificate = {});
  // Dials and logs in with a token of the gateway policy.
  std::shared_ptr<FakeWire> online(std::string_view device, std::uint16_t keepAliveSeconds = 0, bool cleanSession = true);
  // Likewise, then subscribes to filters of its own and forgets what the hub answered.
  std::shared_ptr<FakeWire> listening(std::string_view device, const std::vector<std::string>& filters, std::uint8_t qos = 1,
                                      bool cleanSession = true);
  // False when the change was refused.
  bool fault(std::string_view json);
  bool rule(std::string_view json);

  // The HTTP API, control and service. What `asked` returns has status 0 until the answer comes.
  HttpAnswer ask(std::string_view method, std::string_view target, std::string_view body = "", HttpRequest::Headers headers = {});
  std::shared_ptr<HttpAnswer> asked(std::string_view method, std::string_view target, std::string_view body);
  std::uint64_t refused(const std::string& reason) const;
  std::uint64_t closes(const std::string& reason) const;

  std::string token(std::string_view resource, std::string_view key, std::string_view policy, std::int64_t life = 3600) const;

  FakeClock clock;
  base::Timers timers{clock};
  Hub hub;
};

struct ConnectOptions {
  std::optional<std::string> username;  // default: what the device of the client id would send
  std::string password;
  std::uint16_t keepAliveSeconds = 0;
  bool cleanSession = true;
  std::optional<mqtt::Will> will;
};
base::Bytes connectPacket(std::string_view clientId, const ConnectOptions& options);
base::Bytes publishPacket(std::string_view topic, std::string_view payload, mqtt::PacketId id, std::uint8_t qos = 1,
                          bool dup = false);
base::Bytes telemetry(std::string_view device, mqtt::PacketId id, std::string_view payload = "x", std::string_view bag = "");
base::Bytes subscribePacket(const std::vector<std::string>& filters, std::uint8_t qos = 1, mqtt::PacketId id = 1);
base::Bytes unsubscribePacket(const std::string& filter, mqtt::PacketId id = 2);
base::Bytes pubackPacket(mqtt::PacketId id);
base::Bytes operator+(base::Bytes left, const base::Bytes& right);

}  // namespace spheregate::hubsim
