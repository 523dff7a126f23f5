#include "hubsim/service.hpp"

#include <variant>

#include "hubsim/client_id.hpp"
#include "hubsim/cloud_request.hpp"
#include "hubsim/identity_json.hpp"
#include "hubsim/method_request.hpp"
#include "spheregate/hub/device_id.hpp"

namespace spheregate::hubsim {
namespace {

HttpAnswer good(const Json& json) { return {200, dumped(json) + "\n"}; }

HttpAnswer failed(const Hub& hub, const HubError& error) { return {error.status, dumped(toJson(error, hub.wall())) + "\n"}; }

HttpAnswer wrongMethod(const Hub& hub) { return failed(hub, {405, 405001, "this path does not take this method"}); }

HttpAnswer device(Hub& hub, const HttpRequest& request) {
  const std::string& id = request.segments[1];
  if (!hub::validDeviceId(id)) return failed(hub, errors::argument("not a device id"));
  const auto found = hub.registry().devices.find(id);
  const bool registered = found != hub.registry().devices.end();
  if (request.method == "PUT") {
    const auto document = parseJson(request.body);
    if (!document) return failed(hub, errors::argument("the body is not JSON"));
    if (!registered && hub.registry().devices.size() >= kDevicesMax) return failed(hub, errors::throttled());
    auto identity = identityFromJson(id, *document, registered ? found->second : DeviceIdentity{});
    if (const auto* error = std::get_if<HubError>(&identity)) return failed(hub, *error);
    hub.put(id, std::get<DeviceIdentity>(std::move(identity)));
    return good(identityToJson(id, hub.registry().devices.at(id)));
  }
  if (!registered) return failed(hub, errors::deviceNotFound(id));
  if (request.method == "GET") {
    Json out = identityToJson(id, found->second);
    out["connectionState"] = hub.online(id) ? "Connected" : "Disconnected";
    const DeviceState* state = hub.device(id);
    out["cloudToDeviceMessageCount"] = state ? state->mailbox.size() : 0;
    return good(out);
  }
  if (request.method != "DELETE") return wrongMethod(hub);
  hub.remove(std::string{id});
  return {204, ""};
}

HttpAnswer edgeHubModule(Hub& hub, const HttpRequest& request) {
  const std::string& id = request.segments[1];
  const auto found = hub.registry().devices.find(id);
  if (found == hub.registry().devices.end() || !found->second.edge) return failed(hub, errors::deviceNotFound(id));
  if (request.method == "GET") {
    Json out = edgeHubToJson(id, found->second);
    out["connectionState"] = hub.online(edgeHubOf(id)) ? "Connected" : "Disconnected";
    return good(out);
  }
  if (request.method != "PUT") return wrongMethod(hub);
  const auto document = parseJson(request.body);
  if (!document) return failed(hub, errors::argument("the body is not JSON"));
  auto key = primaryKeyFromJson(*document);
  if (const auto* error = std::get_if<HubError>(&key)) return failed(hub, *error);
  DeviceIdentity identity = found->second;
  identity.edgeHubKey = std::get<NamedKey>(std::move(key));
  hub.put(id, std::move(identity));
  return good(edgeHubToJson(id, hub.registry().devices.at(id)));
}

HttpAnswer cloudMessage(Hub& hub, const HttpRequest& request, DeviceState& state) {
  if (request.method != "POST") return wrongMethod(hub);
  auto message = cloudMessageFrom(request, hub);
  if (const auto* error = std::get_if<HubError>(&message)) return failed(hub, *error);
  if (!state.mailbox.put(std::get<CloudMessage>(std::move(message)))) return failed(hub, errors::queueFull());
  return {204, ""};
}

Json twinJson(Hub& hub, const std::string& id, const DeviceState& state) {
  Json out = state.twin.forService(hub.wall());
  const auto registered = hub.registry().devices.find(deviceOf(id));
  const DeviceIdentity identity = registered == hub.registry().devices.end() ? DeviceIdentity{} : registered->second;
  out["deviceId"] = deviceOf(id);
  if (isModule(id)) out["moduleId"] = kEdgeHub;
  out["etag"] = std::to_string(out["version"].get<std::uint64_t>());
  out["status"] = identity.enabled ? "enabled" : "disabled";
  out["connectionState"] = hub.online(id) ? "Connected" : "Disconnected";
  out["cloudToDeviceMessageCount"] = state.mailbox.size();
  out["modelId"] = state.modelId;
  out["capabilities"] = {{"iotEdge", identity.edge}};
  out["deviceScope"] = identity.scope;
  out["parentScopes"] = identity.parentScopes;
  return out;
}

HttpAnswer twin(Hub& hub, const HttpRequest& request, const std::string& id, DeviceState& state) {
  if (request.method == "GET") return good(twinJson(hub, id, state));
  if (request.method != "PATCH" && request.method != "PUT") return wrongMethod(hub);
  const auto document = parseJson(request.body);
  if (!document) return failed(hub, errors::argument("the body is not JSON"));
  const auto done = request.method == "PATCH" ? state.twin.merge(*document) : state.twin.replace(*document);
  if (const auto* error = std::get_if<HubError>(&done)) return failed(hub, *error);
  if (const auto& push = std::get<std::optional<Json>>(done)) hub.pushDesired(id, *push);
  return good(twinJson(hub, id, state));
}

void method(Hub& hub, const HttpRequest& request, const std::string& id, const Reply& reply) {
  if (request.method != "POST") return reply(wrongMethod(hub));
  auto call = methodCallFrom(id, request.body);
  if (const auto* error = std::get_if<HubError>(&call)) return reply(failed(hub, *error));
  hub.methods().call(std::get<MethodCall>(std::move(call)), [&hub, reply](const MethodCalls::Ended& ended) {
    if (const auto* error = std::get_if<HubError>(&ended)) return reply(failed(hub, *error));
    const auto& answer = std::get<MethodAnswer>(ended);
    reply(good({{"status", answer.status}, {"payload", answer.payload}}));
  });
}

}  // namespace

bool answerService(Hub& hub, const HttpRequest& request, const Reply& reply) {
  const auto& segments = request.segments;
  const auto is = [&](std::size_t at, std::string_view text) { return segments.size() > at && segments[at] == text; };
  const std::size_t size = segments.size();
  if (size < 2 || (!is(0, "devices") && !is(0, "twins"))) return false;

  if (is(0, "devices") && size == 2) return reply(device(hub, request)), true;
  if (is(0, "devices") && size == 4 && is(2, "modules") && is(3, "$edgeHub")) return reply(edgeHubModule(hub, request)), true;
  const bool message = is(0, "devices") && size == 4 && is(2, "messages") && (is(3, "deviceBound") || is(3, "devicebound"));
  const bool commands = is(0, "devices") && size == 3 && is(2, "commands");
  const bool module = is(0, "twins") && size >= 4 && is(2, "modules") && is(3, kEdgeHub);
  const std::size_t own = module ? 4 : 2;
  const bool methods = is(0, "twins") && size == own + 1 && is(own, "methods");
  const bool twins = is(0, "twins") && size == own;
  if (!message && !commands && !methods && !twins) return false;

  const std::string id = module ? edgeHubOf(segments[1]) : segments[1];
  DeviceState* state = isModule(segments[1]) ? nullptr : hub.device(id);
  if (!state) return reply(failed(hub, errors::deviceNotFound(id))), true;
  if (message) return reply(cloudMessage(hub, request, *state)), true;
  if (methods) return method(hub, request, id, reply), true;
  if (twins) return reply(twin(hub, request, id, *state)), true;
  if (request.method != "DELETE") return reply(wrongMethod(hub)), true;
  return reply(good({{"deviceId", id}, {"totalMessagesPurged", state->mailbox.purge()}})), true;
}

}  // namespace spheregate::hubsim
