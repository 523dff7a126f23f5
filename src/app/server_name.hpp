#pragma once

#include <filesystem>
#include <string>

namespace spheregate::app {

// Warns when the server certificate does not cover the name that devices dial, because they will refuse the gateway.
void checkServerName(const std::filesystem::path& certificate, const std::string& hostname);

}  // namespace spheregate::app
