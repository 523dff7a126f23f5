#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "spheregate/base/result.hpp"

namespace spheregate::app {

// The kernel, the distribution, memory, processors, limits, whether the clock is synchronised, and the file systems of these places.
std::string systemFacts(const std::vector<std::filesystem::path>& places);

// Mode, owner, group, size, time and path of what is in the directory, and of these files and of everything in those that are directories, each
// once; contents never. A directory with thousands of files is cut short.
std::string fileListing(const std::filesystem::path& directory, const std::vector<std::filesystem::path>& places);

// All certificates in these files and directories, as text and in PEM; private keys beside them never.
std::string certificatesText(const std::vector<std::filesystem::path>& places);

// The last lines that the journal has of the gateway.
base::Explained<std::string> recentLog();
// How systemd sees the gateway.
base::Explained<std::string> serviceFacts();

}  // namespace spheregate::app
