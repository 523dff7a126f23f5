#pragma once

#include <functional>
#include <memory>
#include <string>

#include "registration.hpp"
#include "spheregate/base/timers.hpp"
#include "spheregate/upstream/control_client.hpp"

namespace spheregate::provisioning {

// One registration over one connection, from CONNECT to its end, every wait bounded. Core thread only; destroying it drops the
// connection.
class Attempt final : public upstream::ControlUser {
 public:
  // Runs once, never inside the constructor; the attempt must not be destroyed inside.
  using Done = std::function<void(Answer)>;

  Attempt(upstream::ControlClients& clients, base::Timers& timers, std::string registrationId, Done done);
  void begin(const upstream::ControlAddress& address, const upstream::ControlLogin& login);

  void controlUp() override;
  void controlDown(std::string_view reason, int refusal) override;
  void controlAcknowledged(std::uint64_t) override {}
  void controlMessage(const upstream::ControlMessage& message) override;

 private:
  void send(const Registration::Send& what);
  void wait(std::chrono::seconds time);
  void finish(Answer answer);

  Registration registration_;
  Done done_;
  std::unique_ptr<upstream::ControlClient> client_;
  base::Timer deadline_;  // of the whole
  base::Timer timer_;     // for an answer, or until the next poll
};

}  // namespace spheregate::provisioning
