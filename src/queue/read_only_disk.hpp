#pragma once

#include <filesystem>

#include "spheregate/queue/disk.hpp"

namespace spheregate::queue {

// A store that is looked at and not touched. What the daemon would remove or set aside while it reads the store stays where it is, and
// nothing is brought to stable storage. Its directory must be there.
base::Explained<std::unique_ptr<Disk>> openReadOnlyDisk(const std::filesystem::path& directory);

// Whether a daemon holds the store. The error says why that cannot be found out.
base::Explained<bool> storeIsHeld(const std::filesystem::path& directory);

}  // namespace spheregate::queue
