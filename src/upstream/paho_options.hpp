#pragma once

#include <mqtt/connect_options.h>
#include <mqtt/ssl_options.h>

#include <chrono>
#include <string>

#include "spheregate/upstream/control_client.hpp"

namespace spheregate::upstream {

// `ssl://host:port` or `wss://host:port/path`.
std::string pahoUri(const ControlAddress& address);
// How the server is trusted, and the client's certificate.
void setTrust(mqtt::ssl_options& tls, const ControlAddress& address, const ControlLogin& login);
mqtt::connect_options pahoOptions(const ControlAddress& address, const ControlLogin& login, const mqtt::ssl_options& tls,
                                  std::chrono::seconds keepAlive, std::chrono::milliseconds patience);

}  // namespace spheregate::upstream
