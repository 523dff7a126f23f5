#pragma once

#include "spheregate/checkup/finding.hpp"
#include "spheregate/checkup/subject.hpp"

namespace spheregate::checkup {

// One MQTT login, while no daemon runs that has the connection: with the gateway's own identity where it has one, else as the device that
// was asked for, else as one that the hub cannot know.
Findings tryHubLogin(const Subject& subject);

}  // namespace spheregate::checkup
