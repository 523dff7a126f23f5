#pragma once

#include <string>
#include <string_view>

#include "hubsim/http_request.hpp"
#include "hubsim/hub.hpp"

namespace spheregate::hubsim {

// The control API without its sockets: what tests ask of the hub, and how they make it fail.
//   GET  /messages?device=ID&from=N&limit=M   in the order of arrival; at most 100,000 an answer, go on from the last index + 1
//   GET  /transcript?device=ID&from=N&limit=M every packet of accepted connections in either direction, in order, likewise
//   GET  /c2d?device=ID   {"queue":[...],"ended":[...]}: cloud-to-device messages waiting or locked, and how others ended
//   GET  /connects?from=N&limit=M   every CONNECT, refused ones too: {index, seconds (since the start), device, result}
//   GET  /stats   GET /connections?device=ID   GET /faults   GET /rules
//   POST /reset   forgets messages, packets, statistics, closed connections and ended cloud-to-device messages
//   PUT  /faults  merges a JSON object, answers with the result: what goes wrong on purpose
//   PUT  /rules   likewise: how a healthy hub behaves where IoT Hub has a choice
//   POST /drop?device=ID   closes one device's connection, or all
// Errors are {"error": "..."} with status 400, 404 or 405.
HttpAnswer answerControl(Hub& hub, const HttpRequest& request);
HttpAnswer answerControl(Hub& hub, std::string_view method, std::string_view target, std::string_view body);

}  // namespace spheregate::hubsim
