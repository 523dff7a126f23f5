#pragma once

#include <chrono>
#include <string>
#include <variant>

namespace spheregate::provisioning {

// Where an identity lives, as the provisioning service says.
struct Assignment {
  std::string hub;  // host name
  std::string deviceId;
  friend bool operator==(const Assignment&, const Assignment&) = default;
};

// Why there is no assignment.
struct Fault {
  // `lasting`: the service has judged, and somebody must change something. `passing`: network, time, load; worth another try soon.
  enum class Kind : bool { passing, lasting };
  Kind kind = Kind::passing;
  std::string reason;                 // a sentence
  std::chrono::seconds retryAfter{};  // the service asks to be left alone for so long
};

using Answer = std::variant<Assignment, Fault>;

}  // namespace spheregate::provisioning
