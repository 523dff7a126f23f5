#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <variant>
#include <vector>

#include "hubsim/companion.hpp"
#include "hubsim/dps/registrations.hpp"
#include "hubsim/hub.hpp"
#include "hubsim/reception.hpp"

namespace spheregate::hubsim {

class DpsConversation;

struct DpsStatistics {
  std::uint64_t connects = 0;  // that reached CONNECT
  std::uint64_t connectsAccepted = 0;
  std::uint64_t handshakesFailed = 0;
  std::uint64_t registers = 0;
  std::uint64_t polls = 0;
  std::uint64_t throttled = 0;                                        // requests answered 429
  std::uint64_t answersLost = 0;                                      // by the fault switch
  std::uint64_t withoutEffect = 0;                                    // answers nobody could hear
  std::map<std::string, std::uint64_t, std::less<>> connectsRefused;  // by reason
  std::map<std::string, std::uint64_t, std::less<>> closes;           // by reason
};

// The Device Provisioning Service beside the simulated hub, without its sockets: it obeys the hub's switches and fills its
// registry. It may have as many connections for one registration id as come. The hub outlives it.
class Provisioning final : public Reception, private Companion {
 public:
  Provisioning(Hub& hub, Enrolments enrolments);
  Provisioning(const Provisioning&) = delete;
  Provisioning& operator=(const Provisioning&) = delete;
  ~Provisioning() override;

  // For the network.
  bool acceptsConnections() const override { return !hub_.faults().dpsOutage; }
  void admit(std::shared_ptr<base::Wire> wire, ClientCertificate certificate) override;
  void handshakeFailed(std::string_view peer, std::string_view reason) override;
  base::Timers& timers() override { return hub_.timers(); }

  // For the service and control API.
  Registrations& registrations() { return registrations_; }
  Json toJson() const;

  // For the conversations.
  Hub& hub() { return hub_; }
  DpsStatistics& counters() { return statistics_; }
  std::variant<DpsLogin, Refusal> judge(const mqtt::Connect& connect, const ClientCertificate& certificate);
  // After this the conversation is destroyed in a later turn of the timers.
  void leave(DpsConversation& conversation, std::string_view reason);

 private:
  void faultsSet() override;
  void reset() override;

  Hub& hub_;
  Registrations registrations_;
  DpsStatistics statistics_;
  std::unordered_map<DpsConversation*, std::unique_ptr<DpsConversation>> conversations_;
  std::vector<std::unique_ptr<DpsConversation>> ended_;
  base::Timer sweep_;
};

}  // namespace spheregate::hubsim
