#pragma once

#include <cstdint>
#include <string_view>

#include "spheregate/tls/verdict.hpp"

namespace spheregate::relay {

// What was refused to a device that had passed TLS.
enum class Deed : std::uint8_t {
  connect,    // its CONNECT, or none came
  publish,    // a topic or a message
  subscribe,  // a topic filter
  session,    // to go on
};

struct Refused {
  Deed deed = Deed::connect;
  const char* result = "";  // label of the metric
  std::string_view reason;  // a sentence
  std::string_view fix;     // a sentence
  std::string_view peer;    // address and port
  const tls::Verdict& verdict;
};

// Whom the front tells of refusals, logged or not, and of who goes. Called on the core thread; what is passed is valid during the call.
class RefusalNotes {
 public:
  virtual ~RefusalNotes() = default;
  virtual void refused(const Refused& refused) = 0;
  // The device was allowed what it may have been refused before: its CONNECT, or the first publish or filter of a connection on which
  // none was refused.
  virtual void allowed(Deed deed, std::string_view deviceId) = 0;
  // The device, whose CONNECT had been allowed, has no connection any more.
  virtual void left(std::string_view deviceId) = 0;
};

}  // namespace spheregate::relay
