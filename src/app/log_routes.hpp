#pragma once

#include <optional>

#include "log_control.hpp"
#include "spheregate/ops/admin_socket.hpp"

namespace spheregate::app {

// `GET /log` and `POST /log/{level}`. Nothing when the path is another's.
std::optional<ops::AdminAnswer> answerAboutLog(LogControl& log, const ops::AdminRequest& request);

}  // namespace spheregate::app
