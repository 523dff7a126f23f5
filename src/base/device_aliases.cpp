#include "device_aliases.hpp"

#include <memory>
#include <mutex>
#include <utility>

#include "spheregate/base/log_text.hpp"

namespace spheregate::base {
namespace {

// Lines come from any thread, and names change while the gateway runs.
std::mutex namesGuard;
std::shared_ptr<const DeviceNames> deviceNames;

std::string aliasOf(std::string_view deviceId) {
  std::shared_ptr<const DeviceNames> names;
  {
    const std::lock_guard guard{namesGuard};
    names = deviceNames;
  }
  return names ? (*names)(deviceId) : std::string{};
}

}  // namespace

bool holdsDevice(const LogField& field) {
  return field.name == "device" || field.name == "cn" || field.name == "client_id" || field.name == "registration";
}

std::string aliasIn(const LogField& field) { return holdsDevice(field) ? aliasOf(field.value) : std::string{}; }

void nameDevices(DeviceNames names) {
  auto given = names ? std::make_shared<const DeviceNames>(std::move(names)) : nullptr;
  const std::lock_guard guard{namesGuard};
  deviceNames.swap(given);
}

std::string calledDevice(std::string_view deviceId) {
  std::string alias = aliasOf(deviceId);
  return alias.empty() ? shortId(deviceId) : alias;
}

std::string shortId(std::string_view deviceId) {
  constexpr std::size_t kShownWhole = 24;
  const bool made = deviceId.find_first_not_of("0123456789abcdefABCDEF") == std::string_view::npos;
  if (deviceId.size() <= kShownWhole || !made) return std::string{deviceId};
  std::string text{deviceId.substr(0, 8)};
  text += "\u2026";
  text += deviceId.substr(deviceId.size() - 4);
  return text;
}

}  // namespace spheregate::base
