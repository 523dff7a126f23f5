#include "hubsim/hub.hpp"

#include "hubsim/conversation.hpp"
#include "spheregate/base/log.hpp"

namespace spheregate::hubsim {

Hub::Hub(Registry registry, std::size_t messagesMax, base::Timers& timers)
    : registry_{std::move(registry)}, timers_{timers}, archive_{messagesMax}, random_{faults_.seed}, sweep_{timers} {}

Hub::~Hub() = default;

void Hub::admit(std::shared_ptr<base::Wire> wire, ClientCertificate certificate) {
  auto made = std::make_unique<Conversation>(*this, std::move(wire), std::move(certificate));
  Conversation& conversation = *made;
  conversations_.emplace(&conversation, std::move(made));
  conversation.start();
}

void Hub::handshakeFailed(std::string_view peer, std::string_view reason) {
  ++statistics_.handshakesFailed;
  base::logInfo("handshake failed", {{"peer", peer}, {"reason", reason}});
}

void Hub::setFaults(const Faults& faults) {
  if (faults.seed != faults_.seed) random_.seed(faults.seed);
  faults_ = faults;
  connectRate_.set(faults.connectsPerSecond);
  messageRate_.set(faults.messagesPerSecond);
  base::logInfo("faults set", {{"outage", faults.outage}, {"seed", faults.seed}});
  if (faults.outage) drop(std::nullopt, "outage");
}

std::size_t Hub::drop(const std::optional<std::string>& device, std::string_view reason) {
  std::vector<Conversation*> doomed;
  if (device) {
    const auto found = online_.find(*device);
    if (found != online_.end()) doomed.push_back(found->second);
  } else {
    for (const auto& entry : conversations_) doomed.push_back(entry.first);
  }
  for (Conversation* conversation : doomed) conversation->end(reason);
  return doomed.size();
}

void Hub::reset() {
  archive_.clear();
  history_.clearClosed();
  statistics_ = {};
}

std::variant<Login, Refusal> Hub::judge(const mqtt::Connect& connect, const ClientCertificate& certificate) {
  if (faults_.refuseConnack != 0) return Refusal::fault;
  if (!connectRate_.pass(timers_.now())) return Refusal::throttled;
  return judgeLogin(connect, certificate, registry_, timers_.clock().wall());
}

std::uint64_t Hub::enter(Conversation& conversation, Visit visit) {
  const auto former = online_.find(visit.device);
  if (former != online_.end()) {
    ++statistics_.takeovers;
    former->second->end("takeover");
  }
  visit.connection = ++connections_;
  ++statistics_.connectsAccepted;
  online_.emplace(visit.device, &conversation);
  history_.opened(std::move(visit));
  return connections_;
}

void Hub::leave(Conversation& conversation, std::string_view reason) {
  const auto counted = statistics_.closes.find(reason);
  if (counted == statistics_.closes.end())
    statistics_.closes.emplace(reason, 1);
  else
    ++counted->second;
  if (conversation.connection() != 0) {
    history_.closed(conversation.connection(), reason);
    online_.erase(conversation.device());
  }
  const auto found = conversations_.find(&conversation);
  ended_.push_back(std::move(found->second));
  conversations_.erase(found);
  if (!sweep_.armed()) sweep_.after({}, [this] { ended_.clear(); });
}

Archive::Place Hub::take(Message message) {
  ++statistics_.messages;
  statistics_.payloadBytes += message.payload.size();
  if (message.dup) ++statistics_.duplicates;
  return archive_.add(std::move(message));
}

void Hub::acknowledge(const Archive::Place& place) {
  ++statistics_.pubacks;
  archive_.acknowledge(place);
}

bool Hub::chance(double probability) {
  if (probability <= 0) return false;
  return static_cast<double>(random_() >> 11) * 0x1.0p-53 < probability;
}

}  // namespace spheregate::hubsim
