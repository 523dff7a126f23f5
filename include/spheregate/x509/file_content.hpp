#pragma once

#include <cstddef>
#include <filesystem>
#include <string>

#include "spheregate/base/result.hpp"

namespace spheregate::x509 {

// A file of certificates or of device ids, whole. Nobody has larger ones; a device file or a disk image is not read to its end.
inline constexpr std::size_t kFileBytesMax = 16 * 1024 * 1024;

// Whether something is there that is neither a file nor a directory. Opening a pipe waits for its other end, for ever when nobody
// comes, and a device may never come to an end.
bool isPipeOrDevice(const std::filesystem::path& file);

base::Explained<std::string> fileContent(const std::filesystem::path& file);

}  // namespace spheregate::x509
