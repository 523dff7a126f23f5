#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "spheregate/base/bytes.hpp"
#include "spheregate/provisioning/assignment.hpp"

namespace spheregate::provisioning {

// What is said to the provisioning service for one registration, once connected: PUT, then polling until it has decided
// (Azure DPS over MQTT, api-version 2019-03-31). No I/O, no clock: messages go in, what to do next comes out.
class Registration {
 public:
  struct Send {
    std::string topic;
    std::string body;
  };
  struct Wait {
    std::chrono::seconds time;
  };
  struct Ignore {};  // not an answer to what was asked last
  using Step = std::variant<Ignore, Send, Wait, Assignment, Fault>;

  static constexpr std::string_view kAnswers = "$dps/registrations/res/#";
  static constexpr std::string_view kApiVersion = "2019-03-31";
  // A real answer has about 1 KB; the part that is not ours, the custom payload, stays below this too.
  static constexpr std::size_t kBodyBytesMax = 64 * 1024;
  static constexpr std::chrono::seconds kWaitDefault{2};
  static constexpr std::chrono::seconds kWaitMax{300};
  // A service that is overloaded while it works on a registration is asked again so often.
  static constexpr int kTroublesMax = 5;

  explicit Registration(std::string registrationId) : registrationId_{std::move(registrationId)} {}

  // Subscribed to `kAnswers`.
  Send begin();
  // After `Wait`: ask how far it is.
  Send poll();
  Step heard(std::string_view topic, base::ByteView body);
  // No answer came to what was sent last.
  Fault silence() const;

 private:
  struct Heard;
  Step working(const Heard& answer);
  Step decided(const Heard& answer);
  Step failed(const Heard& answer);
  std::string nextRequestId() { return std::to_string(++request_); }

  std::string registrationId_;
  std::string operation_;
  std::uint64_t request_ = 0;
  bool waiting_ = false;  // for the answer to `request_`
  int troubles_ = 0;
};

}  // namespace spheregate::provisioning
