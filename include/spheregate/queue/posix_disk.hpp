#pragma once

#include <filesystem>

#include "spheregate/queue/disk.hpp"

namespace spheregate::queue {

// A real directory, held by an exclusive lock so that two daemons never share a store. Makes the directory (0700) if absent.
base::Explained<std::unique_ptr<Disk>> openPosixDisk(const std::filesystem::path& directory);

}  // namespace spheregate::queue
