#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <unordered_map>
#include <variant>
#include <vector>

#include "hubsim/archive.hpp"
#include "hubsim/companion.hpp"
#include "hubsim/connect_log.hpp"
#include "hubsim/device_state.hpp"
#include "hubsim/faults.hpp"
#include "hubsim/history.hpp"
#include "hubsim/login.hpp"
#include "hubsim/method_calls.hpp"
#include "hubsim/rate_limit.hpp"
#include "hubsim/reception.hpp"
#include "hubsim/registry.hpp"
#include "hubsim/rules.hpp"
#include "hubsim/statistics.hpp"
#include "hubsim/transcript.hpp"
#include "spheregate/base/timers.hpp"
#include "spheregate/base/wire.hpp"

namespace spheregate::hubsim {

class Conversation;

// The simulated IoT Hub without its sockets: the registry, who is connected, what arrived, and what goes wrong on purpose.
// One thread. Time comes from the timers, whose owner must run them.
class Hub final : public Reception {
 public:
  // With `messagesMax` zero messages are counted but not kept.
  Hub(Registry registry, std::size_t messagesMax, base::Timers& timers);
  Hub(const Hub&) = delete;
  Hub& operator=(const Hub&) = delete;
  ~Hub() override;

  // For the network.
  bool acceptsConnections() const override { return !faults_.outage; }
  void admit(std::shared_ptr<base::Wire> wire, ClientCertificate certificate) override;
  void handshakeFailed(std::string_view peer, std::string_view reason) override;

  // Who hears of switches and resets from now on; it outlives the hub's last call, or says nullptr.
  void accompany(Companion* companion) { companion_ = companion; }

  // For the control API.
  const Faults& faults() const { return faults_; }
  void setFaults(const Faults& faults);
  const Rules& rules() const { return rules_; }
  void setRules(const Rules& rules);
  // Closes the connections of one device, or all; returns how many.
  std::size_t drop(const std::optional<std::string>& device, std::string_view reason);
  void reset();
  const Archive& archive() const { return archive_; }
  const History& history() const { return history_; }
  const Outcomes& outcomes() const { return outcomes_; }
  const Statistics& statistics() const { return statistics_; }
  const ConnectLog& connects() const { return connects_; }
  std::size_t connected() const { return online_.size(); }

  // For services. A device is known when it is registered, or may come unregistered; the module of an edge when the edge is
  // registered. Where a device is named below it may be such a module (client_id.hpp), but for `put` and `remove`.
  const Registry& registry() const { return registry_; }
  bool known(const std::string& device) const;
  bool online(const std::string& device) const { return online_.contains(device); }
  // A disabled device is closed.
  void put(const std::string& device, DeviceIdentity identity);
  // With its twin and its messages; its connection is closed. False when it was not registered.
  bool remove(const std::string& device);
  void pushDesired(const std::string& device, const Json& patch);
  MethodCalls& methods() { return methods_; }

  // What is kept of a known device, made when it is first asked for; nothing above kDevicesMax.
  DeviceState* device(const std::string& device);

  // For the conversations.
  base::Timers& timers() override { return timers_; }
  base::WallTime wall() const { return timers_.clock().wall(); }
  base::MonoTime mono() const { return timers_.now(); }
  Statistics& counters() { return statistics_; }
  std::variant<Login, Refusal> judge(const mqtt::Connect& connect, const ClientCertificate& certificate);
  // Closes the device's former connection (the newer one wins), and returns the number of this one. The visit's own
  // `connection` is filled in.
  std::uint64_t enter(Conversation& conversation, Visit visit);
  // After this the conversation is destroyed in a later turn of the timers.
  void leave(Conversation& conversation, std::string_view reason);
  Archive::Place take(Message message);
  void acknowledge(const Archive::Place& place);
  // A CONNECT arrived; `result` is `accepted`, or why not.
  void connectJudged(std::string_view clientId, std::string_view result);
  // What is above a rate is counted.
  bool withinMessageRate() { return within(messageRate_, statistics_.throttled.messages); }
  bool withinTwinReadRate() { return within(twinReadRate_, statistics_.throttled.twinReads); }
  bool withinTwinUpdateRate() { return within(twinUpdateRate_, statistics_.throttled.twinUpdates); }
  Transcript& transcript() { return transcript_; }
  const Transcript& transcript() const { return transcript_; }
  // True with the given probability; draws only for probabilities above zero, so a healthy hub leaves the sequence alone.
  bool chance(double probability);

 private:
  void setRates();
  bool within(RateLimit& rate, std::uint64_t& throttled);

  Registry registry_;
  base::Timers& timers_;
  Companion* companion_ = nullptr;
  Archive archive_;
  History history_;
  ConnectLog connects_;
  Statistics statistics_;
  Transcript transcript_;
  Outcomes outcomes_;
  Faults faults_;
  Rules rules_;
  RateLimit connectRate_;
  RateLimit messageRate_;
  RateLimit twinReadRate_;
  RateLimit twinUpdateRate_;
  MethodCalls methods_;
  std::mt19937_64 random_;
  std::uint64_t connections_ = 0;
  std::unordered_map<std::string, std::unique_ptr<DeviceState>> devices_;
  std::unordered_map<std::string, Conversation*> online_;
  std::unordered_map<Conversation*, std::unique_ptr<Conversation>> conversations_;
  std::vector<std::unique_ptr<Conversation>> ended_;
  base::Timer sweep_;
};

}  // namespace spheregate::hubsim
