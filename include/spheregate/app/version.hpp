#pragma once

namespace spheregate::app {

// Defined once, in CMakeLists.txt.
inline constexpr const char* kVersion = SPHEREGATE_VERSION;

}  // namespace spheregate::app
