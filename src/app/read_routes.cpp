#include "read_routes.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string_view>

#include "json_answer.hpp"

namespace spheregate::app {
namespace {

using nlohmann::json;
using ops::AdminAnswer;
using ops::AdminRequest;

constexpr std::string_view kDevices = "/devices/";

AdminAnswer devicesPage(const FleetParts& fleet, const AdminRequest& request) {
  const auto limit = limitOf(request, 100);
  if (!limit) return badLimit();
  const std::string state = valueOf(request, "state");
  if (!state.empty() && state != "connected" && state != "refused" && state != "absent") {
    return wrong(400, "no device has the state `" + state + "`", "use connected, refused or absent");
  }
  const Page page = pageOf(fleet, {.limit = *limit, .after = valueOf(request, "after"), .search = valueOf(request, "search"), .state = state});
  json body{{"total", page.total}, {"devices", json::array()}};
  for (const std::string& id : page.ids) body["devices"].push_back(deviceJson(fleet, id));
  if (page.more) body["after"] = page.ids.back();
  return good(body);
}

AdminAnswer oneDevice(const FleetParts& fleet, std::string_view said) {
  const Meant device = meant(fleet, said, Beginnings::taken);
  if (device.id.empty()) return wrong(404, device.note, "`spheregate devices` lists those that there are");
  json body = deviceJson(fleet, device.id);
  if (!device.note.empty()) body["note"] = device.note;
  body["refusals"] = refusalsJson(fleet, fleet.refusals.ofDevice(device.id));
  return good(body);
}

AdminAnswer refusals(const FleetParts& fleet, const AdminRequest& request) {
  const auto limit = limitOf(request, 100);
  if (!limit) return badLimit();
  const std::string source = valueOf(request, "source");
  auto entries = source.empty() ? fleet.refusals.recent(*limit) : fleet.refusals.ofSource(source);
  entries.resize(std::min(entries.size(), *limit));
  return good({{"kept", fleet.refusals.size()}, {"refusals", refusalsJson(fleet, entries)}});
}

}  // namespace

std::optional<AdminAnswer> readRoute(const StatusParts& parts, const AdminRequest& request) {
  if (request.path == "/status") return AdminAnswer{200, statusJson(parts)};
  if (request.path == "/devices") return devicesPage(parts.fleet, request);
  if (request.path == "/refusals") return refusals(parts.fleet, request);
  if (request.path.starts_with(kDevices) && request.path.size() > kDevices.size()) {
    return oneDevice(parts.fleet, std::string_view{request.path}.substr(kDevices.size()));
  }
  return std::nullopt;
}

}  // namespace spheregate::app
