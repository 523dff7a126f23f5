#pragma once

#include <optional>

#include "hubsim/dps/provisioning.hpp"
#include "hubsim/http_request.hpp"

namespace spheregate::hubsim {

// The provisioning service's API, in the shape of its REST, and what tests ask of it.
//   GET /dps                                   counts, and every registration with what its device did
//   GET, PUT, DELETE /enrollments/{id}         PUT creates or changes: attestation, provisioningStatus, iotHubHostName, deviceId
//   GET, PUT, DELETE /enrollmentGroups/{name}
//   GET, DELETE /registrations/{id}            DELETE forgets the assignment
// Nothing when the path is none of these.
std::optional<HttpAnswer> answerDps(Provisioning& service, const HttpRequest& request);

}  // namespace spheregate::hubsim
