#pragma once

#include <cstddef>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "spheregate/ops/admin_socket.hpp"

// How requests are read and answered in JSON, by whichever way they come.
namespace spheregate::app {

// As text; on one line with a negative indent. Ids are ASCII, but an error may quote what a peer sent.
std::string jsonText(const nlohmann::json& body, int indent = 2);

ops::AdminAnswer good(const nlohmann::json& body);
ops::AdminAnswer wrong(unsigned status, const std::string& error, const std::string& fix);

// Empty when the query has no such key.
std::string valueOf(const ops::AdminRequest& request, const char* key);
// `limit`; what is not there has its default, what is no number from 1 to `most` is none, and `badLimit` says so.
inline constexpr std::size_t kPageMax = 1000;
std::optional<std::size_t> limitOf(const ops::AdminRequest& request, std::size_t byDefault, std::size_t most = kPageMax);
ops::AdminAnswer badLimit(std::size_t most = kPageMax);

}  // namespace spheregate::app
