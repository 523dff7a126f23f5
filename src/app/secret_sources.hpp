#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "spheregate/bundle/redactor.hpp"
#include "spheregate/config/config.hpp"

namespace spheregate::app {

// Has the redactor look for what the gateway's secrets hold: every file that the configuration names as one, or that it names and not everybody may
// read, the PIN of a token, the keys of the gateway's own authority, what lies in `secrets/` beside the configuration, and systemd's
// credentials. Returns those that cannot be read.
std::vector<std::filesystem::path> hideSecrets(bundle::Redactor& redactor, const std::filesystem::path& file, const config::Config& config);

}  // namespace spheregate::app
