#include "spheregate/provisioning/assigner.hpp"

#include <algorithm>
#include <utility>

#include "assignment_row.hpp"
#include "back_off.hpp"
#include "host_name.hpp"
#include "limits.hpp"
#include "spheregate/base/log.hpp"

namespace spheregate::provisioning {

class Assigner::Waiting final : public upstream::LoginRequest {
 public:
  Waiting(Entry& entry, std::uint64_t number) : entry_{entry}, number_{number} {}
  Waiting(const Waiting&) = delete;
  Waiting& operator=(const Waiting&) = delete;
  ~Waiting() override { entry_.waiting.erase(number_); }

 private:
  Entry& entry_;  // entries stay as long as the assigner, which outlives who asks it
  std::uint64_t number_;
};

Assigner::Assigner(const Parts& parts, Sign sign, Judge judge)
    : parts_{parts},
      sign_{std::move(sign)},
      judge_{std::move(judge)},
      registrar_{parts.settings, parts.clients, parts.timers, parts.random, parts.metrics} {
  for (const auto& [registrationId, row] : parts_.store.all(state::Table::assignments)) recall(registrationId, row);
}

void Assigner::recall(const std::string& registrationId, std::string_view text) {
  const auto row = readRow(text);
  if (!row) return base::logWarn("unreadable assignment passed over", {{"registration", registrationId}});
  Entry& entry = entryOf(registrationId);
  entry.assignment = row->assignment;
  entry.current = row->service == parts_.settings.address.host && row->idScope == parts_.settings.idScope;
  ++known_;
}

Assigner::Entry& Assigner::entryOf(std::string_view registrationId) {
  const auto found = entries_.find(registrationId);
  if (found != entries_.end()) return found->second;
  return entries_.try_emplace(std::string{registrationId}, parts_.timers).first->second;
}

std::unique_ptr<upstream::LoginRequest> Assigner::find(std::string_view registrationId, Done done) {
  Entry& entry = entryOf(registrationId);
  auto& place = *entries_.find(registrationId);
  if (entry.assignment && !judge_(registrationId, *entry.assignment)) {
    if (!entry.current) ask(place);
    done(*entry.assignment);
    return nullptr;
  }
  const std::uint64_t number = nextWaiting_++;
  entry.waiting.emplace(number, std::move(done));
  ask(place);
  return std::make_unique<Waiting>(entry, number);
}

void Assigner::refused(std::string_view registrationId) {
  const auto place = entries_.find(registrationId);
  if (place == entries_.end() || ++place->second.refusals < kRefusalsMax) return;
  ask(*place);
}

void Assigner::accepted(std::string_view registrationId) {
  const auto place = entries_.find(registrationId);
  if (place == entries_.end()) return;
  place->second.refusals = 0;
  place->second.confirmations = 0;
}

void Assigner::ask(Entries::value_type& place) {
  Entry& entry = place.second;
  if (entry.asking) return;
  if (parts_.timers.now() < entry.notBefore) {
    // Somebody who only has doubts about an assignment comes back by himself.
    if (entry.waiting.empty() || entry.again.armed()) return;
    entry.again.at(entry.notBefore, [this, &place] {
      if (!place.second.waiting.empty()) ask(place);
    });
    return;
  }
  entry.asking = true;
  const auto order = entry.failures == 0 && !entry.assignment ? Registrar::Order::first : Registrar::Order::again;
  registrar_.ask(
      place.first, order, [this, &place](base::WallTime now) { return sign_(place.first, now); },
      [this, &place](Answer answer) { answered(place, std::move(answer)); });
}

void Assigner::answered(Entries::value_type& place, Answer answer) {
  place.second.asking = false;
  if (const auto* fault = std::get_if<Fault>(&answer)) return failed(place, *fault);
  auto& assignment = std::get<Assignment>(answer);
  if (auto objection = judge_(place.first, assignment))
    return failed(place, {.kind = Fault::Kind::lasting, .reason = std::move(*objection), .retryAfter = {}});
  assigned(place, std::move(assignment));
}

void Assigner::assigned(Entries::value_type& place, Assignment assignment) {
  Entry& entry = place.second;
  const bool same = entry.assignment == assignment;
  entry.failures = 0;
  if (same && entry.current) {
    // The hub refuses, the service stands by it: the cause lies elsewhere.
    entry.notBefore = parts_.timers.now() + backOff(++entry.confirmations, kConfirmedWaitMin, kConfirmedWaitMax, parts_.random);
  } else {
    base::logInfo("registration assigned", {{"registration", place.first}, {"hub", assignment.hub}, {"device", assignment.deviceId}});
    if (!entry.assignment) ++known_;
    keep(place.first, assignment);
    entry.notBefore = {};
    entry.confirmations = 0;
  }
  entry.refusals = 0;
  entry.assignment = std::move(assignment);
  entry.current = true;
  tell(entry, *entry.assignment);
}

void Assigner::failed(Entries::value_type& place, const Fault& fault) {
  Entry& entry = place.second;
  ++entry.failures;
  const bool lasting = fault.kind == Fault::Kind::lasting;
  const base::Duration wait = lasting ? backOff(entry.failures, kLastingWaitMin, kLastingWaitMax, parts_.random)
                                      : backOff(entry.failures, kPassingWaitMin, kPassingWaitMax, parts_.random);
  entry.notBefore = parts_.timers.now() + std::max<base::Duration>(wait, fault.retryAfter);
  const auto more = lasting ? faultLog_.pass(parts_.timers.now()) : std::nullopt;
  if (more) base::logWarn("registration refused", {{"registration", place.first}, {"reason", fault.reason}, base::moreBefore(*more)});
  tell(entry, base::failed<Assignment>(fault.reason));
}

void Assigner::keep(const std::string& registrationId, const Assignment& assignment) {
  const AssignmentRow row{.assignment = assignment, .service = parts_.settings.address.host, .idScope = parts_.settings.idScope};
  parts_.store.put(state::Table::assignments, registrationId, writeRow(row), [this](bool stored) {
    if (stored || !storeLog_.pass(parts_.timers.now())) return;
    base::logWarn("assignment not stored", {{"reason", parts_.store.fault()}, {"fix", "until it is, a start needs the provisioning service"}});
  });
}

// Whoever asks again meanwhile waits for the next answer.
void Assigner::tell(Entry& entry, const base::Explained<Assignment>& result) {
  if (entry.waiting.empty()) return;
  const std::uint64_t last = entry.waiting.rbegin()->first;
  while (!entry.waiting.empty() && entry.waiting.begin()->first <= last) {
    const Done done = std::move(entry.waiting.extract(entry.waiting.begin()).mapped());
    done(result);
  }
}

std::optional<std::string> otherHub(const Assignment& assignment, std::string_view allowed) {
  if (allowed.empty() || equalIgnoringCase(assignment.hub, allowed)) return std::nullopt;
  return "the provisioning service assigned the hub " + assignment.hub + ", but upstream.hub allows only " + std::string{allowed} +
         "; remove upstream.hub, or mend the hubs of the enrolment";
}

}  // namespace spheregate::provisioning
