#pragma once

#include <filesystem>

namespace spheregate::app {

// Throws a StartupError when a newer version of the program has written what is in the store's directory in a way that this one cannot
// read. Changes nothing there.
void refuseNewerStore(const std::filesystem::path& queue);

}  // namespace spheregate::app
