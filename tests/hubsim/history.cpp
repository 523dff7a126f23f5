#include "hubsim/history.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "spheregate/hub/username.hpp"

namespace spheregate::hubsim {
namespace {

nlohmann::json orNull(const std::optional<std::string>& text) { return text ? nlohmann::json(*text) : nlohmann::json(nullptr); }

nlohmann::json toJson(const Visit& visit) {
  nlohmann::json out{{"connection", visit.connection},
                     {"device", visit.device},
                     {"username", visit.username},
                     {"client_id", visit.clientId},
                     {"keep_alive", visit.keepAliveSeconds},
                     {"clean_session", visit.cleanSession},
                     {"token_expires", nullptr},
                     {"token_sr", visit.tokenSr},
                     {"token_resource", visit.tokenResource},
                     {"policy", visit.policy},
                     {"acting_edge", visit.actingEdge},
                     {"auth_chain", orNull(visit.authChain)},
                     {"api_version", orNull(visit.apiVersion)},
                     {"model_id", orNull(visit.modelId)},
                     {"device_client_type", orNull(visit.deviceClientType)},
                     {"open", visit.open},
                     {"closed", visit.closed}};
  if (visit.tokenExpires) out["token_expires"] = *visit.tokenExpires;
  return out;
}

}  // namespace

Visit visitOf(const mqtt::Connect& connect, const Login& login) {
  Visit visit;
  visit.device = login.device;
  visit.username = connect.username.value_or("");
  visit.clientId = connect.clientId;
  visit.keepAliveSeconds = connect.keepAliveSeconds;
  visit.cleanSession = connect.cleanSession;
  visit.tokenExpires = login.tokenExpires;
  visit.tokenSr = login.tokenSr;
  visit.tokenResource = login.tokenResource;
  visit.policy = login.policy;
  visit.actingEdge = login.actingEdge;
  const auto username = hub::parseUsername(visit.username);
  if (!username) return visit;
  visit.authChain = hub::queryValue(username->query, "auth-chain");
  visit.apiVersion = hub::queryValue(username->query, "api-version");
  visit.modelId = hub::queryValue(username->query, "model-id");
  visit.deviceClientType = hub::queryValue(username->query, "DeviceClientType");
  return visit;
}

void History::opened(Visit visit) {
  visits_.push_back(std::move(visit));
  if (visits_.size() > kVisitsMax) visits_.pop_front();
}

void History::closed(std::uint64_t connection, std::string_view reason) {
  const auto found = std::lower_bound(visits_.begin(), visits_.end(), connection,
                                      [](const Visit& visit, std::uint64_t number) { return visit.connection < number; });
  if (found == visits_.end() || found->connection != connection) return;
  found->open = false;
  found->closed = reason;
}

void History::clearClosed() {
  std::erase_if(visits_, [](const Visit& visit) { return !visit.open; });
}

std::string History::json(const std::optional<std::string>& device) const {
  std::string out = "[";
  for (const Visit& visit : visits_) {
    if (device && *device != visit.device) continue;
    if (out.size() > 1) out += ",\n";
    out += toJson(visit).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  }
  return out += "]\n";
}

}  // namespace spheregate::hubsim
