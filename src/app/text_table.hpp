#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace spheregate::app {

// Columns as wide as their widest cell. With `lineMax` the last one is cut with `…` where a line would be longer; 0: it comes whole.
std::string table(const std::vector<std::vector<std::string>>& rows, std::size_t lineMax = 0);

// The text with at most so many characters; `…` stands for what is cut off.
std::string cut(std::string_view text, std::size_t characters);

// Characters a line of the terminal on stdout has; 0 when it is none, so that scripts get everything.
std::size_t terminalColumns();

}  // namespace spheregate::app
