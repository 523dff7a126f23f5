#pragma once

#include <nlohmann/json.hpp>
#include <string>

// What people read of the admin socket's answers.
namespace spheregate::app {

// A table of devices: name or short id, state, last seen, queue, CA, last refusal.
std::string deviceTable(const nlohmann::json& devices);
// Everything of one device.
std::string deviceText(const nlohmann::json& device);
// What of `/status` somebody should do something about, a line each. Nothing when all is well.
std::string worriesText(const nlohmann::json& status);
// The gateway in brief, with whatever somebody should look after.
std::string statusText(const nlohmann::json& status);

}  // namespace spheregate::app
