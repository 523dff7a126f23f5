#pragma once

#include <mqtt/connect_options.h>

#include <chrono>
#include <string>

#include "spheregate/upstream/control_client.hpp"

namespace spheregate::upstream {

// `ssl://host:port` or `wss://host:port/path`.
std::string pahoUri(const ControlAddress& address);
mqtt::connect_options pahoOptions(const ControlAddress& address, const ControlLogin& login, std::chrono::seconds keepAlive,
                                  std::chrono::milliseconds patience);

}  // namespace spheregate::upstream
