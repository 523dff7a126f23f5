#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

#include "spheregate/base/result.hpp"

namespace spheregate::app {

// What a program writes to stdout, at most so many bytes of it; it is ended when it takes longer than the patience. It gets no environment
// but a path and a neutral language. The error says why there is nothing.
base::Explained<std::string> outputOf(const std::vector<std::string>& command, std::size_t bytesMax, std::chrono::seconds patience);

}  // namespace spheregate::app
