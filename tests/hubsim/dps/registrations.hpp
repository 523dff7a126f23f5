#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "hubsim/dps/enrolment.hpp"
#include "hubsim/dps/login.hpp"
#include "hubsim/hub.hpp"
#include "hubsim/json_text.hpp"

namespace spheregate::hubsim {

// What the provisioning service says to one request.
struct DpsAnswer {
  int status = 200;
  bool retryAfter = false;  // the device is to ask again
  Json body;
};

// What is kept of one registration id, and what it did since the last reset.
struct Registration {
  bool group = false;
  std::string enrolment;
  bool symmetricKey = true;
  std::string apiVersion;
  std::string clientVersion;
  std::uint64_t connects = 0;
  std::uint64_t registers = 0;
  std::uint64_t polls = 0;
  std::string status = "unassigned";  // or assigning, assigned, failed, disabled
  std::string substatus;
  std::string assignedHub;
  std::string deviceId;
  std::uint32_t errorCode = 0;
  std::string operation;
  std::uint32_t pollsLeft = 0;
  std::string created;
  std::string updated;
  std::uint64_t changes = 0;
  Json payload;  // of the latest register request
};

// The ledger of the provisioning service: operations, and the assignments they end in. An assignment to a hub of this process
// enters the device into the registry, with the key it registered with, or for its certificate.
class Registrations {
 public:
  Registrations(Hub& hub, Enrolments enrolments) : hub_{hub}, enrolments_{std::move(enrolments)} {}

  // False: the ledger is full.
  bool arrived(const DpsLogin& login);
  // Counts a request, whatever becomes of it.
  void asked(const DpsLogin& login, bool registers);
  DpsAnswer enroll(const DpsLogin& login, std::string_view body);
  DpsAnswer poll(const DpsLogin& login, std::string_view operation);

  Enrolments& enrolments() { return enrolments_; }
  const Enrolments& enrolments() const { return enrolments_; }
  // The next registration is the first.
  bool forget(const std::string& registrationId) { return registrations_.erase(registrationId) > 0; }
  void resetCounts();

  // All of them, for tests.
  Json toJson() const;
  // One, in the shape of the service's REST; nothing when there is none.
  std::optional<Json> state(const std::string& registrationId) const;

 private:
  void assign(const DpsLogin& login, Registration& registration);
  void move(const DpsLogin& login, const Registration& registration, const std::string& to) const;
  DpsAnswer answerOf(const std::string& id, const Registration& registration) const;

  Hub& hub_;
  Enrolments enrolments_;
  std::map<std::string, Registration> registrations_;
  std::uint64_t operations_ = 0;
};

}  // namespace spheregate::hubsim
