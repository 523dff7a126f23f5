#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <utility>

#include "spheregate/base/log_gate.hpp"
#include "spheregate/base/timers.hpp"
#include "spheregate/metrics/registry.hpp"
#include "spheregate/provisioning/assignment.hpp"
#include "spheregate/provisioning/settings.hpp"
#include "spheregate/upstream/control_client.hpp"
#include "spheregate/upstream/pacer.hpp"

namespace spheregate::provisioning {

class Attempt;

// All registrations of this gateway: so many a minute, a few at once, those that were never tried first. When the service cannot be
// reached or is overloaded, everything waits, and then only one is tried until it answers again. Core thread only.
class Registrar {
 public:
  // Made when the turn comes, because a token does not live as long as a queue may be.
  using Sign = std::function<upstream::ControlLogin(base::WallTime now)>;
  using Done = std::function<void(Answer)>;
  enum class Order : bool { first, again };

  Registrar(const Settings& settings, upstream::ControlClients& clients, base::Timers& timers, std::mt19937_64& random,
            metrics::Registry& metrics);
  Registrar(const Registrar&) = delete;
  Registrar& operator=(const Registrar&) = delete;
  ~Registrar();

  // `done` runs once, never inside the call. Ask once for an id at a time.
  void ask(std::string registrationId, Order order, Sign sign, Done done);

  std::size_t waiting() const { return jobs_.size(); }
  std::size_t running() const { return running_.size(); }
  // Why the last registration got no judgement; empty when the service works.
  const std::string& trouble() const { return trouble_; }

 private:
  struct Job {
    std::string registrationId;
    Sign sign;
    Done done;
  };
  struct Running {
    std::unique_ptr<Attempt> attempt;
    unsigned failuresBefore = 0;
  };

  bool mayBegin() const;
  void pump();
  void beginFirst();
  void finished(std::list<Running>::iterator place, const Done& done, Answer answer);
  void judge(const Running& run, const Answer& answer);

  const Settings& settings_;
  upstream::ControlClients& clients_;
  base::Timers& timers_;
  std::mt19937_64& random_;
  metrics::Counter& assigned_;
  metrics::Counter& refused_;
  metrics::Counter& failed_;
  metrics::Gauge& waiting_;
  metrics::Gauge& inTrouble_;
  upstream::Pacer pacer_;
  upstream::Pacer::Ticket turn_ = 0;
  std::map<std::pair<Order, std::uint64_t>, Job> jobs_;
  std::uint64_t nextJob_ = 1;
  std::list<Running> running_;
  std::list<Running> ended_;  // may not be destroyed inside their own callback
  base::Timer sweep_;
  unsigned failures_ = 0;
  std::string trouble_;
  base::Timer pause_;
  base::LogGate log_;
};

}  // namespace spheregate::provisioning
