#pragma once

#include <functional>

#include "hubsim/http_request.hpp"
#include "hubsim/hub.hpp"

namespace spheregate::hubsim {

// The service API without its sockets, in the shape of IoT Hub's REST; `api-version`, `Authorization` and ETags are ignored.
//   GET, PUT, DELETE /devices/{id}            PUT creates or changes
//   GET, PUT /devices/{id}/modules/$edgeHub   the key an edge signs with
//   POST   /devices/{id}/messages/deviceBound the body is the message; iothub-messageid, -correlationid, -userid, -to, -expiry,
//                                             -ack, -contenttype, -contentencoding and iothub-app-NAME are its properties
//   DELETE /devices/{id}/commands             purges the queue
//   GET, PATCH, PUT /twins/{id}[/modules/$edgeHub]   PATCH merges, PUT replaces tags and desired properties
//   POST   /twins/{id}[/modules/$edgeHub]/methods    {methodName, payload, responseTimeoutInSeconds, connectTimeoutInSeconds}
// Errors have the body IoT Hub gives them: {errorCode, trackingId, message, timestampUtc}.
using Reply = std::function<void(HttpAnswer)>;

// False when the path is none of these. `reply` runs once: in this call, or, for a method, when it has ended.
bool answerService(Hub& hub, const HttpRequest& request, const Reply& reply);

}  // namespace spheregate::hubsim
