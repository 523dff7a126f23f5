#include "hubsim/faults.hpp"

#include <limits>
#include <nlohmann/json.hpp>
#include <stdexcept>

namespace spheregate::hubsim {
namespace {

using Json = nlohmann::json;

void read(const Json& value, bool& to) {
  if (!value.is_boolean()) throw std::invalid_argument{"must be true or false"};
  to = value.get<bool>();
}

void read(const Json& value, double& to) {
  if (!value.is_number() || !(value.get<double>() >= 0 && value.get<double>() <= 1))
    throw std::invalid_argument{"must be from 0 to 1"};
  to = value.get<double>();
}

template <class Number>
void read(const Json& value, Number& to) {
  if (!value.is_number_unsigned() || value.get<std::uint64_t>() > std::numeric_limits<Number>::max())
    throw std::invalid_argument{"must be a whole number from 0 to " + std::to_string(std::numeric_limits<Number>::max())};
  to = value.get<Number>();
}

// The one list of names, for reading and for writing.
template <class Subject, class Visit>
void eachMember(Subject& faults, Visit visit) {
  visit("outage", faults.outage);
  visit("puback_delay_ms", faults.pubackDelayMs);
  visit("puback_loss", faults.pubackLoss);
  visit("close_instead_of_puback", faults.closeInsteadOfPuback);
  visit("close_every_messages", faults.closeEveryMessages);
  visit("refuse_connack", faults.refuseConnack);
  visit("connects_per_second", faults.connectsPerSecond);
  visit("messages_per_second", faults.messagesPerSecond);
  visit("token_life_seconds", faults.tokenLifeSeconds);
  visit("read_bytes_per_second", faults.readBytesPerSecond);
  visit("seed", faults.seed);
}

}  // namespace

Json toJson(const Faults& faults) {
  Json out = Json::object();
  eachMember(faults, [&](const char* name, const auto& member) { out[name] = member; });
  return out;
}

base::Explained<Faults> mergeFaults(const Faults& faults, const Json& changes) {
  if (!changes.is_object()) return std::string{"expected a JSON object"};
  Faults merged = faults;
  std::size_t used = 0;
  std::string problem;
  eachMember(merged, [&](const char* name, auto& member) {
    const auto change = changes.find(name);
    if (change == changes.end()) return;
    ++used;
    try {
      read(*change, member);
    } catch (const std::invalid_argument& error) {
      problem = std::string{"'"} + name + "' " + error.what();
    }
  });
  if (!problem.empty()) return problem;
  if (used != changes.size()) return "unknown fault; known are: " + toJson(faults).dump();
  if (merged.refuseConnack > 5) return std::string{"'refuse_connack' must be 0 or a CONNACK code from 1 to 5"};
  return merged;
}

}  // namespace spheregate::hubsim
