#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "spheregate/provisioning/assignment.hpp"

namespace spheregate::provisioning {

// An assignment as it is kept, with who made it.
struct AssignmentRow {
  Assignment assignment;
  std::string service;  // host
  std::string idScope;
};

std::string writeRow(const AssignmentRow& row);
// Nothing when it is not one, or names something that is no host or no device id.
std::optional<AssignmentRow> readRow(std::string_view text);

}  // namespace spheregate::provisioning
