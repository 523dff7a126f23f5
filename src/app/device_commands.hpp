#pragma once

#include <memory>

#include "admin_options.hpp"

namespace spheregate::app {

// The parts of `spheregate devices` that change files. `shared` is what was given behind `devices`.
void addListEditing(CLI::App& devices, Deed& deed, const std::shared_ptr<AdminOptions>& shared);
void addImport(CLI::App& devices, Deed& deed, const std::shared_ptr<AdminOptions>& shared);

}  // namespace spheregate::app
