#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string_view>

#include "spheregate/base/result.hpp"

namespace spheregate::pki {

inline constexpr mode_t kSecretMode = 0600;
inline constexpr mode_t kPublicMode = 0644;

// Puts the content in place of the file, or makes it: after a crash at any moment there is the old content or the new one, and
// when this returns the new one is on stable storage. Written beside it under a name that begins with a dot, which nobody takes
// for a certificate. Whoever owned the file still does, where this process may give files away; its mode is `mode`.
base::Explained<void> writeWhole(const std::filesystem::path& file, std::string_view content, mode_t mode);

// The same for taking it away.
base::Explained<void> removeFile(const std::filesystem::path& file);

// What was renamed in the directory, or taken out of it, stays so after a power failure.
base::Explained<void> syncDirectory(const std::filesystem::path& directory);

}  // namespace spheregate::pki
