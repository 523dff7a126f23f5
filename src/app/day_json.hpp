#pragma once

#include <string>

#include "spheregate/history/day.hpp"

namespace spheregate::app {

// The JSON of `/history`: an array for each thing that was looked at, all of one length, with null for a step of which nothing is known.
std::string dayJson(const history::Day& day);

}  // namespace spheregate::app
