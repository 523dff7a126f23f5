#pragma once

#include <cstddef>
#include <filesystem>
#include <string>

#include "spheregate/base/result.hpp"
#include "spheregate/hub/sas.hpp"

namespace spheregate::upstream {

// The errors name the file and what to do, never what is in it.
base::Explained<std::string> readSecret(const std::filesystem::path& file, std::size_t bytesMax);
// A file with one key in base64.
base::Explained<hub::SharedAccessKey> readKey(const std::filesystem::path& file);

}  // namespace spheregate::upstream
