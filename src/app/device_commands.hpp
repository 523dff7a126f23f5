#pragma once

#include "command_line.hpp"

namespace spheregate::app {

// The parts of `spheregate devices` that change files.
void addListEditing(CLI::App& devices, Deed& deed);
void addImport(CLI::App& devices, Deed& deed);

}  // namespace spheregate::app
