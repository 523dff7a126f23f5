#pragma once

#include <cstdint>
#include <filesystem>

namespace spheregate::app {

// What the process and those beside it in its control group may use together: the smallest `memory.max` from its group upwards
// (MemoryMax= of the unit, a container's limit), else the memory of the machine. 0 when nobody can say.
std::uint64_t memoryLimit(const std::filesystem::path& groupsFile = "/proc/self/cgroup", const std::filesystem::path& groups = "/sys/fs/cgroup");

}  // namespace spheregate::app
