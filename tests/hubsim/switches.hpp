#pragma once

#include <cstdint>
#include <limits>
#include <stdexcept>
#include <string>

#include "hubsim/json_text.hpp"
#include "hubsim/limits.hpp"
#include "spheregate/base/result.hpp"

// A struct of switches as a JSON object. `members(subject, visit)` names each member once, for reading and for writing.
namespace spheregate::hubsim {

inline void readSwitch(const Json& value, bool& to) {
  if (!value.is_boolean()) throw std::invalid_argument{"must be true or false"};
  to = value.get<bool>();
}

inline void readSwitch(const Json& value, double& to) {
  if (!value.is_number() || !(value.get<double>() >= 0 && value.get<double>() <= 1))
    throw std::invalid_argument{"must be from 0 to 1"};
  to = value.get<double>();
}

inline void readSwitch(const Json& value, std::string& to) {
  if (!value.is_string() || value.get_ref<const std::string&>().size() > kSwitchTextBytesMax)
    throw std::invalid_argument{"must be a text of at most " + std::to_string(kSwitchTextBytesMax) + " bytes"};
  to = value.get<std::string>();
}

template <class Number>
void readNumber(const Json& value, Number& to) {
  if (!value.is_number_unsigned() || value.get<std::uint64_t>() > std::numeric_limits<Number>::max())
    throw std::invalid_argument{"must be a whole number from 0 to " + std::to_string(std::numeric_limits<Number>::max())};
  to = value.get<Number>();
}
inline void readSwitch(const Json& value, std::uint32_t& to) { readNumber(value, to); }
inline void readSwitch(const Json& value, std::uint64_t& to) { readNumber(value, to); }

template <class Subject, class Members>
Json switchesToJson(const Subject& subject, Members members) {
  Json out = Json::object();
  members(subject, [&](const char* name, const auto& member) { out[name] = member; });
  return out;
}

// `subject` with the members of a JSON object replaced; unknown members and values out of range are errors, and change nothing.
template <class Subject, class Members>
base::Explained<Subject> mergeSwitches(const Subject& subject, const Json& changes, Members members) {
  if (!changes.is_object()) return base::failed<Subject>("expected a JSON object");
  Subject merged = subject;
  std::size_t used = 0;
  std::string problem;
  members(merged, [&](const char* name, auto& member) {
    const auto change = changes.find(name);
    if (change == changes.end()) return;
    ++used;
    try {
      readSwitch(*change, member);
    } catch (const std::invalid_argument& error) {
      problem = std::string{"'"} + name + "' " + error.what();
    }
  });
  if (!problem.empty()) return problem;
  if (used != changes.size()) return "unknown name; known are: " + dumped(switchesToJson(subject, members));
  return merged;
}

}  // namespace spheregate::hubsim
