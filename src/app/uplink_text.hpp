#pragma once

#include <chrono>
#include <nlohmann/json.hpp>
#include <string>

// What the commands say of the way to the hub and of what waits for it.
namespace spheregate::app {

// Whether the hub is reached, since when, and if not, why not. Of an answer to GET /status.
std::string uplinkText(const nlohmann::json& status, std::chrono::system_clock::time_point now);
// A device's own link, of the member `link`.
std::string linkText(const nlohmann::json& link);
// How long ago a time is that a member has; empty where it has none.
std::string sinceText(const nlohmann::json& object, const char* key, std::chrono::system_clock::time_point now);
// Of the member `queue` of /status.
std::string queuedText(const nlohmann::json& queue);

}  // namespace spheregate::app
