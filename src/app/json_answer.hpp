#pragma once

#include <cstddef>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "spheregate/ops/admin_socket.hpp"

// How requests are read and answered in JSON, by whichever way they come.
namespace spheregate::app {

// As text. Ids are ASCII, but an error may quote what a peer sent.
std::string jsonText(const nlohmann::json& body);

ops::AdminAnswer good(const nlohmann::json& body);
ops::AdminAnswer wrong(unsigned status, const std::string& error, const std::string& fix);

// Empty when the query has no such key.
std::string valueOf(const ops::AdminRequest& request, const char* key);
// `limit`; what is not there has its default, what is no number from 1 to 1000 is none, and `badLimit` says so.
std::optional<std::size_t> limitOf(const ops::AdminRequest& request, std::size_t byDefault);
ops::AdminAnswer badLimit();

}  // namespace spheregate::app
