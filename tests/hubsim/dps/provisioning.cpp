#include "hubsim/dps/provisioning.hpp"

#include "hubsim/dps/conversation.hpp"
#include "spheregate/base/log.hpp"

namespace spheregate::hubsim {

Provisioning::Provisioning(Hub& hub, Enrolments enrolments)
    : hub_{hub}, registrations_{hub, std::move(enrolments)}, sweep_{hub.timers()} {
  const Enrolments& given = registrations_.enrolments();
  Rules rules = hub.rules();
  rules.dpsAssignPolls = given.assignPolls;
  rules.dpsRetryAfterSeconds = given.retryAfterSeconds;
  rules.dpsAssignedHub = given.assignedHub;
  hub.setRules(rules);
  hub.accompany(this);
}

Provisioning::~Provisioning() { hub_.accompany(nullptr); }

void Provisioning::admit(std::shared_ptr<base::Wire> wire, ClientCertificate certificate) {
  auto made = std::make_unique<DpsConversation>(*this, std::move(wire), std::move(certificate));
  DpsConversation& conversation = *made;
  conversations_.emplace(&conversation, std::move(made));
  conversation.start();
}

void Provisioning::handshakeFailed(std::string_view peer, std::string_view reason) {
  ++statistics_.handshakesFailed;
  base::logInfo("provisioning handshake failed", {{"peer", peer}, {"reason", reason}});
}

std::variant<DpsLogin, Refusal> Provisioning::judge(const mqtt::Connect& connect, const ClientCertificate& certificate) {
  if (hub_.faults().dpsRefuseConnack != 0) return Refusal::fault;
  auto verdict = judgeDpsLogin(connect, certificate, registrations_.enrolments(), hub_.rules(), hub_.wall());
  const auto* login = std::get_if<DpsLogin>(&verdict);
  if (login && !registrations_.arrived(*login)) return Refusal::throttled;
  return verdict;
}

void Provisioning::leave(DpsConversation& conversation, std::string_view reason) {
  ++statistics_.closes[std::string{reason}];
  const auto found = conversations_.find(&conversation);
  ended_.push_back(std::move(found->second));
  conversations_.erase(found);
  if (!sweep_.armed()) sweep_.after({}, [this] { ended_.clear(); });
}

void Provisioning::faultsSet() {
  if (!hub_.faults().dpsOutage) return;
  std::vector<DpsConversation*> doomed;
  for (const auto& entry : conversations_) doomed.push_back(entry.first);
  for (DpsConversation* conversation : doomed) conversation->end("outage");
}

void Provisioning::reset() {
  statistics_ = {};
  registrations_.resetCounts();
}

Json Provisioning::toJson() const {
  return {{"id_scope", registrations_.enrolments().idScope},
          {"connections", conversations_.size()},
          {"connects", statistics_.connects},
          {"connects_accepted", statistics_.connectsAccepted},
          {"connects_refused", Json(statistics_.connectsRefused)},
          {"handshakes_failed", statistics_.handshakesFailed},
          {"closes", Json(statistics_.closes)},
          {"registers", statistics_.registers},
          {"polls", statistics_.polls},
          {"throttled", statistics_.throttled},
          {"answers_lost", statistics_.answersLost},
          {"without_effect", statistics_.withoutEffect},
          {"registrations", registrations_.toJson()}};
}

}  // namespace spheregate::hubsim
