#include "hubsim/cloud_request.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <ctime>

#include "hubsim/limits.hpp"

namespace spheregate::hubsim {
namespace {

constexpr std::chrono::hours kCloudLifeMax{48};

struct SystemProperty {
  std::string_view header;
  std::string_view key;
};
constexpr std::array<SystemProperty, 3> kIdentities{
    {{"iothub-messageid", "$.mid"}, {"iothub-correlationid", "$.cid"}, {"iothub-userid", "$.uid"}}};
constexpr std::array<SystemProperty, 2> kContents{{{"iothub-contenttype", "$.ct"}, {"iothub-contentencoding", "$.ce"}}};

// UTC to the second, `2030-01-02T03:04:05Z`, since 1970; decimals are passed over.
std::optional<std::chrono::seconds> timeOf(const std::string& text) {
  std::tm parts{};
  const char* rest = strptime(text.c_str(), "%Y-%m-%dT%H:%M:%S", &parts);
  if (!rest) return std::nullopt;
  if (*rest == '.') do
      ++rest;
    while (*rest >= '0' && *rest <= '9');
  if (std::string_view{rest} != "Z") return std::nullopt;
  return std::chrono::seconds{timegm(&parts)};
}

void addHeaders(const HttpRequest& request, const auto& table, std::vector<hub::Property>& bag) {
  for (const SystemProperty& property : table)
    if (auto value = request.header(property.header)) bag.push_back({std::string{property.key}, *std::move(value)});
}

bool hasPrefix(std::string_view name, std::string_view prefix) {
  return name.size() > prefix.size() && std::equal(prefix.begin(), prefix.end(), name.begin(), [](char wanted, char given) {
           return wanted == (given >= 'A' && given <= 'Z' ? static_cast<char>(given - 'A' + 'a') : given);
         });
}

}  // namespace

std::variant<CloudMessage, HubError> cloudMessageFrom(const HttpRequest& request, const Hub& hub) {
  constexpr std::string_view kApplication = "iothub-app-";
  const std::string& device = request.segments[1];
  CloudMessage message;
  auto& bag = message.properties;
  message.messageId = request.header("iothub-messageid").value_or("");
  addHeaders(request, kIdentities, bag);
  bag.push_back({"$.to", request.header("iothub-to").value_or("/devices/" + device + "/messages/devicebound")});
  base::Duration life = std::chrono::seconds{hub.rules().cloudLifeSeconds};
  if (const auto expiry = request.header("iothub-expiry")) {
    const auto time = timeOf(*expiry);
    if (!time) return errors::argument("iothub-expiry must be a UTC time in ISO 8601");
    // The clock counts nanoseconds and ends in 2262, so a far time is cut to what IoT Hub allows before it becomes one.
    const auto now = std::chrono::duration_cast<std::chrono::seconds>(hub.wall().time_since_epoch());
    const std::chrono::seconds left = std::clamp<std::chrono::seconds>(*time - now, std::chrono::seconds{0}, kCloudLifeMax);
    life = left;
    bag.push_back({"$.exp", isoTime(base::WallTime{now + left})});
  }
  addHeaders(request, kContents, bag);
  if (const auto ack = request.header("iothub-ack")) {
    if (*ack != "none" && *ack != "positive" && *ack != "negative" && *ack != "full")
      return errors::argument("iothub-ack must be none, positive, negative or full");
    bag.push_back({"iothub-ack", *ack});
  }
  for (const auto& [name, value] : request.headers)
    if (hasPrefix(name, kApplication)) bag.push_back({name.substr(kApplication.size()), value});

  std::size_t bytes = request.body.size();
  for (const hub::Property& property : bag) bytes += property.key.size() + property.value->size();
  if (bytes > kCloudMessageBytesMax) return errors::tooLarge("the message is larger than 64 KB");
  if (cloudTopic(device, bag).size() > kTopicBytesMax) return errors::argument("the properties do not fit a topic");
  message.payload.assign(request.body.begin(), request.body.end());
  message.expires = hub.mono() + life;
  message.enqueuedMs = std::chrono::duration_cast<std::chrono::milliseconds>(hub.wall().time_since_epoch()).count();
  return message;
}

}  // namespace spheregate::hubsim
