#pragma once

#include <nlohmann/json.hpp>
#include <string>

// Answers about the queue, for people.
namespace spheregate::app {

std::string queueText(const nlohmann::json& answer);
std::string deadLettersText(const nlohmann::json& answer);
std::string auditText(const nlohmann::json& answer);

}  // namespace spheregate::app
