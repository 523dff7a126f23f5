#pragma once

#include <cstddef>
#include <filesystem>
#include <string>

#include "spheregate/base/result.hpp"

namespace spheregate::base {

// The longest password, or PIN of a token.
inline constexpr std::size_t kSecretBytesMax = 1024;

// The one line of a file that holds a secret. `place` is what the error begins with, `what` the secret's name with its article;
// what is in the file is never repeated.
Explained<std::string> secretIn(const std::filesystem::path& file, const std::string& place, const std::string& what);

}  // namespace spheregate::base
