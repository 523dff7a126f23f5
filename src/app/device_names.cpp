#include "device_names.hpp"

#include <utility>

#include "spheregate/base/log.hpp"

namespace spheregate::app {

base::Explained<std::unique_ptr<DeviceNames>> DeviceNames::load(const identity::Settings& settings) {
  using Made = std::unique_ptr<DeviceNames>;
  auto aliases = identity::Aliases::load(settings);
  if (!aliases) return base::failed<Made>(aliases.error());
  return Made{new DeviceNames{std::move(*aliases)}};
}

DeviceNames::DeviceNames(identity::Aliases aliases) { use(std::move(aliases)); }

DeviceNames::~DeviceNames() { base::nameDevices({}); }

void DeviceNames::use(identity::Aliases aliases) {
  aliases_ = std::make_shared<const identity::Aliases>(std::move(aliases));
  base::nameDevices([known = aliases_](std::string_view id) { return std::string{known->aliasOf(id)}; });
}

}  // namespace spheregate::app
