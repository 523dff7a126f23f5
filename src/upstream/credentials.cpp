#include "spheregate/upstream/credentials.hpp"

#include <fstream>
#include <sstream>
#include <unordered_map>
#include <utility>

#include "spheregate/hub/device_id.hpp"
#include "spheregate/hub/sas.hpp"

namespace spheregate::upstream {
namespace {

using base::Explained;

constexpr std::size_t kKeyFileBytesMax = 4096;
constexpr std::size_t kKeysFileBytesMax = 64u << 20;

Explained<std::string> readFile(const std::filesystem::path& path, std::size_t bytesMax) {
  std::ifstream file{path, std::ios::binary};
  if (!file) {
    return base::failed<std::string>("cannot read " + path.string() + "; check that it exists and that the daemon's user may read it");
  }
  std::string text{std::istreambuf_iterator<char>{file}, {}};
  if (text.size() > bytesMax) return base::failed<std::string>(path.string() + " is too large for a file of keys");
  return Explained<std::string>{boost::system::in_place_value, std::move(text)};
}

Login sign(const hub::SharedAccessKey& key, std::string_view hub, std::string_view deviceId, std::string_view policy, base::WallTime now,
           std::chrono::seconds life) {
  const base::WallTime expires = now + life;
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(expires.time_since_epoch()).count();
  std::string resource{hub};
  resource += "/devices/";
  resource += deviceId;
  return {.hub = std::string{hub}, .usernameTail = {}, .password = hub::makeSasToken(key, resource, seconds, policy), .expires = expires};
}

// One key of a policy of the whole hub speaks for every device, each with a token for that device alone.
class HubPolicy final : public Credentials {
 public:
  HubPolicy(std::string hub, std::string policy, hub::SharedAccessKey key, std::chrono::seconds life)
      : hub_{std::move(hub)}, policy_{std::move(policy)}, key_{std::move(key)}, life_{life} {}

  std::unique_ptr<LoginRequest> login(std::string_view deviceId, base::WallTime now, Done done) override {
    done(sign(key_, hub_, deviceId, policy_, now, life_));
    return nullptr;
  }

 private:
  std::string hub_;
  std::string policy_;
  hub::SharedAccessKey key_;
  std::chrono::seconds life_;
};

// A key for each device.
class DeviceKeys final : public Credentials {
 public:
  using Keys = std::unordered_map<std::string, hub::SharedAccessKey>;
  DeviceKeys(std::string hub, std::string file, Keys keys, std::chrono::seconds life)
      : hub_{std::move(hub)}, file_{std::move(file)}, keys_{std::move(keys)}, life_{life} {}

  std::unique_ptr<LoginRequest> login(std::string_view deviceId, base::WallTime now, Done done) override {
    const auto found = keys_.find(std::string{deviceId});
    if (found == keys_.end()) {
      done(base::failed<Login>("no key for device " + std::string{deviceId} + " in " + file_ + "; add a line `id,key`"));
    } else {
      done(sign(found->second, hub_, deviceId, {}, now, life_));
    }
    return nullptr;
  }

 private:
  std::string hub_;
  std::string file_;
  Keys keys_;
  std::chrono::seconds life_;
};

std::string_view trim(std::string_view text) {
  constexpr std::string_view space = " \t\r\n\"'";
  const auto first = text.find_first_not_of(space);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(space) - first + 1);
}

// `id,key` or `id: key`, one a line; `#` begins a comment. Neither ids nor base64 contain a comma or `: `.
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

Explained<std::unique_ptr<Credentials>> loadCredentials(const AuthSettings& settings, std::string_view hub) {
  if (settings.type == AuthType::hubPolicy) {
    auto text = readFile(settings.keyFile, kKeyFileBytesMax);
    if (!text) return text.error();
    auto key = hub::SharedAccessKey::fromBase64(*text);
    if (!key) return settings.keyFile.string() + ": " + key.error();
    return std::unique_ptr<Credentials>{
        std::make_unique<HubPolicy>(std::string{hub}, settings.policyName, std::move(*key), settings.tokenLife)};
  }
  auto text = readFile(settings.keysFile, kKeysFileBytesMax);
  if (!text) return text.error();
  auto keys = parseKeys(*text, settings.keysFile.string());
  if (!keys) return keys.error();
  return std::unique_ptr<Credentials>{
      std::make_unique<DeviceKeys>(std::string{hub}, settings.keysFile.string(), std::move(*keys), settings.tokenLife)};
}

}  // namespace spheregate::upstream
