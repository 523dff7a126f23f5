#pragma once

#include <string>
#include <string_view>

#include "hubsim/hub.hpp"

namespace spheregate::hubsim {

struct ControlAnswer {
  int status = 200;
  std::string json;
};

// The control API without its sockets: what tests ask of the hub, and how they make it fail.
//   GET  /messages?device=ID&from=N&limit=M   in the order of arrival; at most 100,000 an answer, go on from the last index + 1
//   GET  /stats   GET /connections?device=ID   GET /faults
//   POST /reset   forgets messages, statistics and closed connections
//   PUT  /faults  merges a JSON object, answers with the result
//   POST /drop?device=ID   closes one device's connection, or all
// Errors are {"error": "..."} with status 400, 404 or 405.
ControlAnswer answerControl(Hub& hub, std::string_view method, std::string_view target, std::string_view body);

}  // namespace spheregate::hubsim
