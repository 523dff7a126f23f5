#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

// What people read of the admin socket's answers.
namespace spheregate::app {

// A table of devices: name or short id, state, last seen, queue, CA, last refusal.
std::string deviceTable(const nlohmann::json& devices);
// Everything of one device.
std::string deviceText(const nlohmann::json& device);
// The gateway in brief.
std::string statusText(const nlohmann::json& status);

// Columns as wide as their widest cell; the last one as it comes.
std::string table(const std::vector<std::vector<std::string>>& rows);

}  // namespace spheregate::app
