#pragma once

#include <cstddef>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "spheregate/ops/admin_socket.hpp"

// How every route of the admin socket answers.
namespace spheregate::app {

inline constexpr std::size_t kPageMax = 1000;

ops::AdminAnswer good(const nlohmann::json& body);
ops::AdminAnswer wrong(unsigned status, const std::string& error, const std::string& fix);

std::string valueOf(const ops::AdminRequest& request, const char* key);
// What is not there has its default; what is no number from 1 to `most` is an error.
std::optional<std::size_t> limitOf(const ops::AdminRequest& request, std::size_t byDefault, std::size_t most = kPageMax);
ops::AdminAnswer badLimit(std::size_t most = kPageMax);

}  // namespace spheregate::app
