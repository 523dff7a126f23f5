#include "admin_routes.hpp"

#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>

#include "json_answer.hpp"
#include "log_routes.hpp"
#include "queue_routes.hpp"
#include "read_routes.hpp"
#include "required.hpp"
#include "spheregate/base/log.hpp"

namespace spheregate::app {
namespace {

using nlohmann::json;
using ops::AdminAnswer;
using ops::AdminRequest;

constexpr std::string_view kDevices = "/devices/";
constexpr std::string_view kDisconnect = "/disconnect";

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
  if (request.path == "/metrics") return {200, parts_.metrics(), "text/plain; version=0.0.4; charset=utf-8"};
  return readRoute(parts_.status(), request).value_or(unknown());
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
