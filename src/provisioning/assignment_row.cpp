#include "assignment_row.hpp"

#include <nlohmann/json.hpp>

#include "host_name.hpp"
#include "spheregate/hub/device_id.hpp"

namespace spheregate::provisioning {

using nlohmann::json;

std::string writeRow(const AssignmentRow& row) {
  const json out{{"hub", row.assignment.hub}, {"device_id", row.assignment.deviceId}, {"service", row.service}, {"id_scope", row.idScope}};
  return out.dump();
}

std::optional<AssignmentRow> readRow(std::string_view text) {
  const json read = json::parse(text, nullptr, false);
  if (!read.is_object()) return std::nullopt;
  const auto textOf = [&](const char* name) {
    const auto found = read.find(name);
    return found != read.end() && found->is_string() ? found->get<std::string>() : std::string{};
  };
  AssignmentRow row{.assignment = {.hub = textOf("hub"), .deviceId = textOf("device_id")}, .service = textOf("service"), .idScope = textOf("id_scope")};
  if (!validHostName(row.assignment.hub) || !hub::validDeviceId(row.assignment.deviceId)) return std::nullopt;
  return row;
}

}  // namespace spheregate::provisioning
