#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <string_view>

#include "spheregate/base/result.hpp"
#include "spheregate/base/timers.hpp"
#include "spheregate/metrics/registry.hpp"
#include "spheregate/provisioning/assignment.hpp"
#include "spheregate/provisioning/registrar.hpp"
#include "spheregate/provisioning/settings.hpp"
#include "spheregate/state/store.hpp"
#include "spheregate/upstream/credentials.hpp"

namespace spheregate::provisioning {

// What the daemon lends; all outlives the assigner.
struct Parts {
  const Settings& settings;
  upstream::ControlClients& clients;
  state::Store& store;
  base::Timers& timers;
  std::mt19937_64& random;
  metrics::Registry& metrics;
};

// Knows where identities live. What the service said once is kept durably and used until the service says something better: it is asked
// again when the hub has refused an identity several times in a row, or when it is another service or scope than the one that was
// asked. Until it answers, and when it cannot be reached, the old assignment stays. Core thread only.
class Assigner {
 public:
  // How this gateway speaks for a registration.
  using Sign = std::function<upstream::ControlLogin(std::string_view registrationId, base::WallTime now)>;
  // Why an assignment cannot be used, as a sentence; nothing when it can.
  using Judge = std::function<std::optional<std::string>(std::string_view registrationId, const Assignment& assignment)>;
  using Done = std::function<void(base::Explained<Assignment>)>;

  // Reads what is kept, which waits for the store's thread.
  Assigner(const Parts& parts, Sign sign, Judge judge);
  Assigner(const Assigner&) = delete;
  Assigner& operator=(const Assigner&) = delete;

  // `done` runs once: inside the call when the answer is known, and the return value is null then. Otherwise when the service has
  // judged or could not be reached; after a failure the next try waits, and so does who asks.
  [[nodiscard]] std::unique_ptr<upstream::LoginRequest> find(std::string_view registrationId, Done done);
  // What the assigned hub did with the identity.
  void refused(std::string_view registrationId);
  void accepted(std::string_view registrationId);

  std::size_t known() const { return known_; }
  const Registrar& registrar() const { return registrar_; }

 private:
  struct Entry {
    explicit Entry(base::Timers& timers) : again{timers} {}
    std::optional<Assignment> assignment;
    bool current = false;  // assigned by the service and scope of the settings
    bool asking = false;
    unsigned refusals = 0;       // of the hub, in a row
    unsigned failures = 0;       // of the service, in a row
    unsigned confirmations = 0;  // of an assignment whose hub refuses
    base::MonoTime notBefore{};
    base::Timer again;
    std::map<std::uint64_t, Done> waiting;
  };
  using Entries = std::map<std::string, Entry, std::less<>>;
  class Waiting;

  void recall(const std::string& registrationId, std::string_view row);
  Entry& entryOf(std::string_view registrationId);
  void ask(Entries::value_type& entry);
  void answered(Entries::value_type& entry, Answer answer);
  void assigned(Entries::value_type& entry, Assignment assignment);
  void failed(Entries::value_type& entry, const Fault& fault);
  void keep(const std::string& registrationId, const Assignment& assignment);
  static void tell(Entry& entry, const base::Explained<Assignment>& result);

  Parts parts_;
  Sign sign_;
  Judge judge_;
  Entries entries_;
  std::uint64_t nextWaiting_ = 1;
  std::size_t known_ = 0;
  base::LogGate storeLog_;
  base::LogGate faultLog_;
  Registrar registrar_;  // last, because it calls back
};

// The objection to a hub that is not the one that `upstream.hub` allows; empty allows all.
std::optional<std::string> otherHub(const Assignment& assignment, std::string_view allowed);

}  // namespace spheregate::provisioning
