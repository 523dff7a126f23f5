#include "admin_routes.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>

#include "admin_answers.hpp"
#include "log_routes.hpp"
#include "queue_routes.hpp"
#include "required.hpp"
#include "spheregate/base/log.hpp"

namespace spheregate::app {
namespace {

using nlohmann::json;
using ops::AdminAnswer;
using ops::AdminRequest;

constexpr std::string_view kDevices = "/devices/";
constexpr std::string_view kDisconnect = "/disconnect";

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
  const Meant device = meant(fleet, said);
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

AdminAnswer unknown() {
  return wrong(404, "there is nothing here", "there are /status, /metrics, /devices, /devices/{id or alias}, /refusals, /queue, /queue/messages, /queue/dead-letters, /audit, /log; POST "
               "/devices/{id or alias}/disconnect, /queue/dead-letters/{id}/retry, /log/{level}, /reload");
}

}  // namespace

void AdminRoutes::answer(const AdminRequest& request, const ops::AdminReply& reply) {
  const QueueParts queue{.custody = parts_.custody,
                         .uplink = parts_.uplink,
                         .aliases = [this]() -> const identity::Aliases& { return parts_.status().fleet.aliases; },
                         .clock = parts_.status().fleet.clock};
  if (answerAboutQueue(queue, request, reply)) return;
  if (auto about = answerAboutLog(parts_.log, request)) return reply(std::move(*about));
  reply(request.method == "POST" ? change(request) : read(request));
}

AdminAnswer AdminRoutes::read(const AdminRequest& request) {
  const StatusParts parts = parts_.status();
  if (request.path == "/status") return {200, statusJson(parts)};
  if (request.path == "/metrics") return {200, parts_.metrics(), "text/plain; version=0.0.4; charset=utf-8"};
  if (request.path == "/devices") return devicesPage(parts.fleet, request);
  if (request.path == "/refusals") return refusals(parts.fleet, request);
  if (request.path.starts_with(kDevices) && request.path.size() > kDevices.size()) {
    return oneDevice(parts.fleet, std::string_view{request.path}.substr(kDevices.size()));
  }
  return unknown();
}

AdminAnswer AdminRoutes::change(const AdminRequest& request) {
  const std::string_view path = request.path;
  if (path == "/reload") {
    base::logInfo("reload asked for", {{"uid", request.uid}});
    if (!parts_.reload) return wrong(501, "what changed takes effect at the next start", "restart the gateway");
    const auto done = parts_.reload();
    return done ? good({{"done", *done}}) : wrong(422, done.error(), "mend it and ask again; until then what was read before is in force");
  }
  if (!path.starts_with(kDevices) || !path.ends_with(kDisconnect) || path.size() <= kDevices.size() + kDisconnect.size()) return unknown();
  const std::string_view said = path.substr(kDevices.size(), path.size() - kDevices.size() - kDisconnect.size());
  const Meant device = meant(parts_.status().fleet, said);
  if (device.id.empty()) return wrong(404, device.note, "`spheregate devices` lists those that there are");
  const bool ended = parts_.front.disconnect(device.id, "an operator ended it");
  base::logInfo("device disconnected by an operator", {{"device", device.id}, {"uid", request.uid}, {"was_connected", ended}});
  json body{{"id", device.id}, {"disconnected", ended}};
  if (!device.note.empty()) body["note"] = device.note;
  return good(body);
}

std::unique_ptr<ops::AdminSocket> openAdminSocket(boost::asio::io_context& loop, const ops::AdminSettings& settings, AdminRoutes& routes) {
  if (settings.socket.empty()) return nullptr;
  auto opened = ops::AdminSocket::open(loop, settings, [&routes](const ops::AdminRequest& request, const ops::AdminReply& reply) { routes.answer(request, reply); });
  if (opened || settings.socketGiven || !settings.group.empty()) return required(std::move(opened));
  base::logWarn("no admin socket", {{"reason", opened.error()}, {"consequence", "`spheregate devices` and `spheregate status` cannot ask this gateway"}});
  return nullptr;
}

}  // namespace spheregate::app
