#include "hubsim/hub.hpp"

#include "hubsim/client_id.hpp"
#include "hubsim/conversation.hpp"
#include "hubsim/limits.hpp"
#include "spheregate/base/log.hpp"
#include "spheregate/hub/device_id.hpp"

namespace spheregate::hubsim {

Hub::Hub(Registry registry, std::size_t messagesMax, base::Timers& timers)
    : registry_{std::move(registry)},
      timers_{timers},
      archive_{messagesMax},
      connects_{timers.now()},
      transcript_{messagesMax > 0},
      methods_{timers, faults_,
               [this](const MethodCall& call, std::string_view rid) {
                 const auto found = online_.find(call.device);
                 return found != online_.end() && found->second->downlink().invoke(call, rid);
               }},
      random_{faults_.seed},
      sweep_{timers} {}

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
  setRates();
  base::logInfo("faults set", {{"outage", faults.outage}, {"seed", faults.seed}});
  if (faults.outage) drop(std::nullopt, "outage");
  if (companion_) companion_->faultsSet();
}

void Hub::setRules(const Rules& rules) {
  rules_ = rules;
  setRates();
}

void Hub::setRates() {
  const TierLimits tier = limitsOf(rules_.tier, rules_.tierUnits);
  const auto either = [](std::uint32_t fault, std::uint32_t limit) { return fault != 0 ? fault : limit; };
  connectRate_.set(either(faults_.connectsPerSecond, tier.connects));
  messageRate_.set(either(faults_.messagesPerSecond, tier.messages));
  twinReadRate_.set(either(faults_.twinReadsPerSecond, tier.twinReads));
  twinUpdateRate_.set(either(faults_.twinUpdatesPerSecond, tier.twinUpdates));
}

bool Hub::within(RateLimit& rate, std::uint64_t& throttled) {
  if (rate.pass(timers_.now())) return true;
  ++throttled;
  return false;
}

void Hub::connectJudged(std::string_view clientId, std::string_view result) {
  ++statistics_.connects;
  connects_.add(timers_.now(), clientId, result);
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
  transcript_.clear();
  connects_.clear();
  outcomes_.clear();
  statistics_ = {};
  if (companion_) companion_->reset();
}

bool Hub::known(const std::string& device) const {
  if (isModule(device)) {
    const auto edge = registry_.devices.find(deviceOf(device));
    return edge != registry_.devices.end() && edge->second.edge && edgeHubOf(edge->first) == device;
  }
  return registry_.devices.contains(device) || (registry_.acceptUnknownDevices && hub::validDeviceId(device));
}

void Hub::put(const std::string& device, DeviceIdentity identity) {
  const bool enabled = identity.enabled;
  registry_.devices.insert_or_assign(device, std::move(identity));
  if (enabled) return;
  drop(device, "disabled");
  drop(edgeHubOf(device), "disabled");
}

bool Hub::remove(const std::string& device) {
  if (registry_.devices.erase(device) == 0) return false;
  for (const std::string& client : {device, edgeHubOf(device)}) {
    drop(client, "deleted");
    methods_.deviceDeleted(client);
    devices_.erase(client);
  }
  return true;
}

void Hub::pushDesired(const std::string& device, const Json& patch) {
  const auto found = online_.find(device);
  if (found != online_.end()) found->second->downlink().pushDesired(patch);
}

DeviceState* Hub::device(const std::string& device) {
  const auto found = devices_.find(device);
  if (found != devices_.end()) return found->second.get();
  if (devices_.size() >= kDevicesMax || !known(device)) return nullptr;
  return devices_.emplace(device, std::make_unique<DeviceState>(device, rules_, outcomes_, timers_)).first->second.get();
}

std::variant<Login, Refusal> Hub::judge(const mqtt::Connect& connect, const ClientCertificate& certificate) {
  if (faults_.refuseConnack != 0) return Refusal::fault;
  if (!within(connectRate_, statistics_.throttled.connects)) return Refusal::throttled;
  auto verdict = judgeLogin(connect, certificate, registry_, timers_.clock().wall(), rules_.requireAuthChain);
  const auto* login = std::get_if<Login>(&verdict);
  if (login && !device(login->device)) return Refusal::throttled;
  return verdict;
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
  device(visit.device)->modelId = visit.modelId.value_or("");
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
