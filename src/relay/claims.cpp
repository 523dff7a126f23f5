#include "claims.hpp"

#include <algorithm>
#include <cctype>

#include "spheregate/base/log.hpp"
#include "spheregate/base/utf8.hpp"
#include "spheregate/hub/username.hpp"

namespace spheregate::relay {
namespace {

constexpr std::string_view kDevices = "devices/";
constexpr const char* kLetterForLetter =
    "write the device id letter for letter as in the certificate, wherever it is used: Azure Sphere's ids are lower case, its tools print "
    "them in capitals";

bool equalIgnoringCase(std::string_view a, std::string_view b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(), [](unsigned char x, unsigned char y) {
           return std::tolower(x) == std::tolower(y);
         });
}

std::string quoted(std::string_view text) { return "`" + std::string{base::clipUtf8(text, 160)} + "`"; }

ClaimFault caseFault(const char* result, const std::string& what, std::string_view said, std::string_view certifiedId) {
  return {result,
          what + " `" + base::shortId(said) + "` differs from the certificate's common name `" + base::shortId(certifiedId) +
              "` in letter case only",
          kLetterForLetter};
}

std::optional<ClaimFault> clientIdFault(std::string_view clientId, std::string_view certifiedId) {
  if (clientId == certifiedId) return std::nullopt;
  if (equalIgnoringCase(clientId, certifiedId)) return caseFault("client_id_case", "the client id", clientId, certifiedId);
  const std::string fix = "use the common name of the device's certificate as client id";
  if (clientId.empty()) return ClaimFault{"client_id_mismatch", "the client id is empty, the certificate's common name is " + quoted(certifiedId), fix};
  return ClaimFault{"client_id_mismatch",
                    "the client id " + quoted(clientId) + " is not the certificate's common name " + quoted(certifiedId), fix};
}

// Names of IoT Hub in all of Microsoft's clouds: {hub}.azure-devices.net, .cn, .us.
bool namesAnIotHub(std::string_view host) { return host.find(".azure-devices.") != std::string_view::npos; }

std::optional<ClaimFault> hostFault(std::string_view host, std::string_view hub) {
  if (!namesAnIotHub(host) || !namesAnIotHub(hub) || equalIgnoringCase(host, hub)) return std::nullopt;
  return ClaimFault{"other_hub", "the username names the hub " + quoted(host) + ", this gateway serves " + quoted(hub),
                    "let the device's connection string name the hub of this gateway, or let it connect to the gateway of its hub"};
}

std::optional<ClaimFault> identityFault(const hub::Username& username, std::string_view certifiedId) {
  if (username.deviceId != certifiedId) {
    if (equalIgnoringCase(username.deviceId, certifiedId)) {
      return caseFault("username_case", "the device id in the username", username.deviceId, certifiedId);
    }
    return ClaimFault{"username_mismatch",
                      "the username names the device " + quoted(username.deviceId) + ", the certificate's common name is " + quoted(certifiedId),
                      "use the certificate's common name in the username"};
  }
  if (!username.moduleId.empty()) {
    return ClaimFault{"username_mismatch", "the username names the module " + quoted(username.moduleId) + ", the certificate speaks for a device",
                      "connect as the device, without a module"};
  }
  if (hub::hasQueryKey(username.query, "auth-chain")) {
    return ClaimFault{"auth_chain", "the username carries an auth-chain, which only gateways may", "connect the device itself, without auth-chain"};
  }
  return std::nullopt;
}

// The id of `devices/{id}/…`; nothing of another shape.
std::optional<std::string_view> deviceOf(std::string_view topic) {
  if (!topic.starts_with(kDevices)) return std::nullopt;
  topic.remove_prefix(kDevices.size());
  return topic.substr(0, topic.find('/'));
}

}  // namespace

std::optional<ClaimFault> claimFault(const mqtt::Connect& connect, std::string_view certifiedId, std::string_view hub, std::string_view& query) {
  if (auto fault = clientIdFault(connect.clientId, certifiedId)) return fault;
  if (!connect.username || connect.username->empty()) return std::nullopt;
  const auto username = hub::parseUsername(*connect.username);
  if (!username) {
    const bool noDevice = username.error() == hub::UsernameErrc::noDevice;
    return ClaimFault{noDevice ? "username_without_device" : "bad_username", username.error().message() + ": " + quoted(*connect.username),
                      "send `{host}/{device id}/?api-version=2021-04-12` as username"};
  }
  if (auto fault = identityFault(*username, certifiedId)) return fault;
  if (auto fault = hostFault(username->host, hub)) return fault;
  query = username->query;
  return std::nullopt;
}

ClaimFault topicFault(std::string_view topic, std::string_view certifiedId) {
  const auto device = deviceOf(topic);
  if (!device || *device == certifiedId) {
    return {"unknown_topic", "IoT Hub does not know the topic " + quoted(topic), "publish telemetry to devices/" + std::string{certifiedId} + "/messages/events/"};
  }
  if (equalIgnoringCase(*device, certifiedId)) return caseFault("topic_case", "the device id in the topic", *device, certifiedId);
  return {"other_device", "the topic is of the device " + quoted(*device) + ", the certificate's common name is " + quoted(certifiedId),
          "publish only to devices/{certificate's common name}/messages/events/"};
}

ClaimFault filterFault(std::string_view filter, std::string_view certifiedId) {
  const auto device = deviceOf(filter);
  if (!device || *device == certifiedId) {
    return {"unknown_filter", "IoT Hub does not know the topic filter " + quoted(filter), "subscribe only to the filters that IoT Hub knows"};
  }
  if (equalIgnoringCase(*device, certifiedId)) return caseFault("filter_case", "the device id in the topic filter", *device, certifiedId);
  return {"other_device", "the topic filter is of the device " + quoted(*device) + ", the certificate's common name is " + quoted(certifiedId),
          "subscribe only to devices/{certificate's common name}/messages/devicebound/#"};
}

}  // namespace spheregate::relay
