#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <variant>
#include <vector>

#include "hubsim/archive.hpp"
#include "hubsim/faults.hpp"
#include "hubsim/history.hpp"
#include "hubsim/login.hpp"
#include "hubsim/rate_limit.hpp"
#include "hubsim/registry.hpp"
#include "hubsim/statistics.hpp"
#include "spheregate/base/timers.hpp"
#include "spheregate/base/wire.hpp"

namespace spheregate::hubsim {

class Conversation;

// The simulated IoT Hub without its sockets: the registry, who is connected, what arrived, and what goes wrong on purpose.
// One thread. Time comes from the timers, whose owner must run them.
class Hub {
 public:
  // With `messagesMax` zero messages are counted but not kept.
  Hub(Registry registry, std::size_t messagesMax, base::Timers& timers);
  Hub(const Hub&) = delete;
  Hub& operator=(const Hub&) = delete;
  ~Hub();

  // For the network.
  bool acceptsConnections() const { return !faults_.outage; }
  // A finished TLS handshake. The hub keeps the wire until the conversation on it has ended.
  void admit(std::shared_ptr<base::Wire> wire, ClientCertificate certificate);
  void handshakeFailed(std::string_view peer, std::string_view reason);

  // For the control API.
  const Faults& faults() const { return faults_; }
  void setFaults(const Faults& faults);
  // Closes the connections of one device, or all; returns how many.
  std::size_t drop(const std::optional<std::string>& device, std::string_view reason);
  void reset();
  const Archive& archive() const { return archive_; }
  const History& history() const { return history_; }
  const Statistics& statistics() const { return statistics_; }
  std::size_t connected() const { return online_.size(); }

  // For the conversations.
  base::Timers& timers() { return timers_; }
  Statistics& counters() { return statistics_; }
  std::variant<Login, Refusal> judge(const mqtt::Connect& connect, const ClientCertificate& certificate);
  // Closes the device's former connection (the newer one wins), and returns the number of this one. The visit's own
  // `connection` is filled in.
  std::uint64_t enter(Conversation& conversation, Visit visit);
  // After this the conversation is destroyed in a later turn of the timers.
  void leave(Conversation& conversation, std::string_view reason);
  Archive::Place take(Message message);
  void acknowledge(const Archive::Place& place);
  bool withinMessageRate() { return messageRate_.pass(timers_.now()); }
  // True with the given probability; draws only for probabilities above zero, so a healthy hub leaves the sequence alone.
  bool chance(double probability);

  // Of a client without clean session the hub keeps one thing: that it subscribed to cloud-to-device messages.
  bool keepsSubscription(const std::string& device) const { return keptSubscriptions_.contains(device); }
  void keepSubscription(const std::string& device) { keptSubscriptions_.insert(device); }
  void forgetSubscription(const std::string& device) { keptSubscriptions_.erase(device); }

 private:
  Registry registry_;
  base::Timers& timers_;
  Archive archive_;
  History history_;
  Statistics statistics_;
  Faults faults_;
  RateLimit connectRate_;
  RateLimit messageRate_;
  std::mt19937_64 random_;
  std::uint64_t connections_ = 0;
  std::unordered_set<std::string> keptSubscriptions_;
  std::unordered_map<std::string, Conversation*> online_;
  std::unordered_map<Conversation*, std::unique_ptr<Conversation>> conversations_;
  std::vector<std::unique_ptr<Conversation>> ended_;
  base::Timer sweep_;
};

}  // namespace spheregate::hubsim
