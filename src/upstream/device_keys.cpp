#include "device_keys.hpp"

#include <sstream>
#include <utility>

#include "spheregate/hub/device_id.hpp"
#include "spheregate/upstream/key_file.hpp"

namespace spheregate::upstream {
namespace {

using base::Explained;

constexpr std::size_t kKeysFileBytesMax = 64u << 20;

std::string_view trim(std::string_view text) {
  constexpr std::string_view space = " \t\r\n\"'";
  const auto first = text.find_first_not_of(space);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(space) - first + 1);
}

// Neither ids nor base64 contain a comma at the end or `: `.
Explained<DeviceKeys::Keys> parseKeys(const std::string& text, const std::string& file) {
  DeviceKeys::Keys keys;
  std::istringstream lines{text};
  std::string line;
  for (int number = 1; std::getline(lines, line); ++number) {
    const std::string_view entry = trim(line);
    if (entry.empty() || entry.front() == '#') continue;
    const std::string place = file + ":" + std::to_string(number) + ": ";
    auto cut = entry.rfind(',');
    std::size_t separator = 1;
    if (cut == std::string_view::npos) {
      cut = entry.rfind(": ");
      separator = 2;
    }
    if (cut == std::string_view::npos) return place + "expected `device-id,base64-key`";
    const std::string_view id = trim(entry.substr(0, cut));
    if (!hub::validDeviceId(id)) return place + "not a device id of IoT Hub";
    auto key = hub::SharedAccessKey::fromBase64(trim(entry.substr(cut + separator)));
    if (!key) return place + key.error();
    if (!keys.emplace(std::string{id}, std::move(*key)).second) return place + "this device has a key already";
  }
  if (keys.empty()) return file + " contains no keys; write one `device-id,base64-key` a line";
  return keys;
}

}  // namespace

DeviceKeys::DeviceKeys(std::string hub, std::string file, Keys keys, std::chrono::seconds life)
    : hub_{std::move(hub)}, file_{std::move(file)}, keys_{std::move(keys)}, life_{life} {}

Explained<DeviceKeys::Keys> DeviceKeys::read(const std::filesystem::path& file) {
  const auto text = readSecret(file, kKeysFileBytesMax);
  if (!text) return text.error();
  return parseKeys(*text, file.string());
}

std::unique_ptr<LoginRequest> DeviceKeys::login(std::string_view deviceId, base::WallTime now, Done done) {
  const auto found = keys_.find(std::string{deviceId});
  if (found == keys_.end()) {
    done(base::failed<Login>("no key for device " + std::string{deviceId} + " in " + file_ + "; add a line `id,key`"));
  } else {
    done(loginByKey(found->second, hub_, deviceId, {}, now + life_));
  }
  return nullptr;
}

std::string_view DeviceKeys::remedy() const {
  return "check that the device exists and is enabled in the hub, that its key in upstream.auth.keys_file is the hub's, and this "
         "machine's clock; where the key is another now, write it to that file, then restart the gateway";
}

}  // namespace spheregate::upstream
