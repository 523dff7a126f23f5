#include <algorithm>
#include <cstdlib>
#include <optional>
#include <string_view>

#include "host_names.hpp"
#include "kinds.hpp"
#include "spheregate/hub/device_id.hpp"
#include "spheregate/tls/key_name.hpp"

namespace spheregate::config {
namespace {

constexpr std::size_t kPolicyNameBytesMax = 64;
constexpr std::size_t kGroupNameBytesMax = 32;

Reading<std::string> readHostName(const std::string& text, Dot dot) {
  // The text is not repeated: people paste connection strings with keys here.
  if (!isHostName(text)) {
    return Complaint{"this is not a host name", "write only the name, as in gateway.plant.example, without scheme, port or path"};
  }
  if (dot == Dot::needed && text.find('.') == std::string::npos) {
    return Complaint{quote(text) + " has no dot",
                     "use a name with a dot: the devices' SDK takes what is before the first dot for the hub's name"};
  }
  return text;
}

Reading<ops::HttpPlace> readAddressAndPort(const std::string& text) {
  const Complaint wrong{quote(text) + " is not an address and a port", "write them as 127.0.0.1:9464 or [::1]:9464"};
  const auto colon = text.rfind(':');
  if (colon == std::string::npos) return wrong;
  std::string address = text.substr(0, colon);
  const bool brackets = address.size() > 2 && address.front() == '[' && address.back() == ']';
  if (brackets) address = address.substr(1, address.size() - 2);
  const auto port = parseWhole(text.substr(colon + 1));
  const bool sixNeedsBrackets = (address.find(':') != std::string::npos) != brackets;
  if (sixNeedsBrackets || !isIpAddress(address) || !port || *port > 65535) return wrong;
  ops::HttpPlace settings;
  settings.address = address;
  settings.port = static_cast<std::uint16_t>(*port);
  return settings;
}

constexpr std::size_t kIdScopeBytesMax = 63;

Reading<upstream::ProvisioningEndpoint> readHostAndPort(const std::string& text) {
  const auto colon = text.rfind(':');
  upstream::ProvisioningEndpoint endpoint{.host = text.substr(0, colon), .port = 0};
  const auto port = colon == std::string::npos ? std::optional<std::uint64_t>{0} : parseWhole(text.substr(colon + 1));
  if (!isHostName(endpoint.host) || !port || *port > 65535 || (colon != std::string::npos && *port == 0)) {
    return Complaint{"this is not a host name with or without a port", "write it as global.azure-devices-provisioning.net or as dps.example:8883"};
  }
  endpoint.port = static_cast<std::uint16_t>(*port);
  return endpoint;
}

std::string writeHostAndPort(const upstream::ProvisioningEndpoint& endpoint) {
  return quotedScalar(endpoint.port == 0 ? endpoint.host : endpoint.host + ":" + std::to_string(endpoint.port));
}

// Only this variable, because it is the one systemd sets for credentials; everything else stays as written.
Reading<std::filesystem::path> expanded(std::string text) {
  const bool control = std::any_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; });
  if (control) return Complaint{"there is a control character in this path", "write the path on one line"};
  constexpr std::string_view variable = "${CREDENTIALS_DIRECTORY}";
  for (auto at = text.find("${"); at != std::string::npos; at = text.find("${", at)) {
    if (text.compare(at, variable.size(), variable) != 0) {
      return Complaint{"only ${CREDENTIALS_DIRECTORY} is expanded in paths", "write the path out"};
    }
    const char* value = std::getenv("CREDENTIALS_DIRECTORY");
    if (value == nullptr || *value == '\0') {
      return Complaint{"${CREDENTIALS_DIRECTORY} is not set",
                       "let systemd start the gateway with LoadCredential=, or write the path out"};
    }
    const std::string_view directory{value};
    text.replace(at, variable.size(), directory);
    at += directory.size();
  }
  return std::filesystem::path{std::move(text)};
}

std::string writePath(const std::filesystem::path& path) { return quotedScalar(path.string()); }

std::string writeText(const std::string& text) { return quotedScalar(text); }

bool validGuid(std::string_view text) {
  constexpr std::string_view shape = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
  return std::equal(text.begin(), text.end(), shape.begin(), shape.end(), [](char c, char place) {
    const bool hex = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
    return place == 'x' ? hex : c == place;
  });
}

}  // namespace

Kind<std::string> hostName(Dot dot) {
  return {.words = dot == Dot::needed ? "host name with a dot" : "host name",
          .read = [dot](const std::string& text) { return readHostName(text, dot); },
          .write = writeText};
}

Kind<std::string> ipAddress() {
  return {.words = "IP address",
          .read = [](const std::string& text) -> Reading<std::string> {
            if (isIpAddress(text)) return text;
            return Complaint{quote(text) + " is not an IP address",
                             "write one of this machine's addresses, or 0.0.0.0 or :: for all"};
          },
          .write = writeText};
}

Kind<ops::HttpPlace> addressAndPort() {
  return {.words = "IP address and port", .read = readAddressAndPort, .write = [](const ops::HttpPlace& settings) {
            const bool six = settings.address.find(':') != std::string::npos;
            return quotedScalar((six ? "[" + settings.address + "]" : settings.address) + ":" + std::to_string(settings.port));
          }};
}

Kind<upstream::ProvisioningEndpoint> hostAndPort() {
  return {.words = "host name, with a port or without", .read = readHostAndPort, .write = writeHostAndPort};
}

Kind<std::string> idScope() {
  return {.words = "id scope",
          .read = [](const std::string& text) -> Reading<std::string> {
            if (!text.empty() && text.size() <= kIdScopeBytesMax && std::all_of(text.begin(), text.end(), letterOrDigit)) return text;
            return Complaint{"this is not an id scope", "write it as the provisioning service shows it, as in 0ne00000A0A"};
          },
          .write = writeText};
}

Kind<std::filesystem::path> file() {
  return {.words = "path",
          .read = [](const std::string& text) -> Reading<std::filesystem::path> {
            if (text.empty()) return Complaint{"this is empty", "write the path"};
            return expanded(text);
          },
          .write = writePath};
}

Kind<std::filesystem::path> optionalFile() {
  return {.words = "path, or empty", .read = [](const std::string& text) { return expanded(text); }, .write = writePath};
}

Kind<std::filesystem::path> privateKeyFile() {
  Kind<std::filesystem::path> kind = file();
  kind.secret = true;
  kind.read = [plain = kind.read](const std::string& text) -> Reading<std::filesystem::path> {
    if (text.starts_with("pkcs11:") || text.starts_with("handle:")) {
      return Complaint{"a key in a token cannot be used here, only as tls.private_key", "write the path of a PEM file"};
    }
    return plain(text);
  };
  return kind;
}

Kind<std::filesystem::path> optionalPrivateKeyFile() {
  Kind<std::filesystem::path> kind = privateKeyFile();
  kind.words = "path, or empty";
  kind.read = [given = kind.read](const std::string& text) -> Reading<std::filesystem::path> {
    if (text.empty()) return std::filesystem::path{};
    return given(text);
  };
  return kind;
}

Kind<std::string> serverKey() {
  return {.words = "path, `pkcs11:` URI, or `handle:` of a TPM",
          .read = [plain = file().read](const std::string& text) -> Reading<std::string> {
            const Reading<std::filesystem::path> written = plain(text);
            if (const auto* complaint = std::get_if<Complaint>(&written)) return *complaint;
            std::string whole = std::get<std::filesystem::path>(written).string();
            const auto name = tls::keyName(whole);
            if (name) return whole;
            const std::size_t fix = name.error().find("; ");
            return Complaint{name.error().substr(0, fix), name.error().substr(fix + 2)};
          },
          .write = writeText,
          .secret = true};
}

Kind<std::filesystem::path> secretFile() {
  Kind<std::filesystem::path> kind = file();
  kind.secret = true;
  kind.read = [plain = kind.read](const std::string& text) -> Reading<std::filesystem::path> {
    // The text is not repeated, because it may be what it looks like.
    if (text.ends_with('=') || text.find("SharedAccessKey") != std::string::npos) {
      return Complaint{"this looks like the key itself",
                       "put the key into a file that only the gateway can read, and write its path here"};
    }
    return plain(text);
  };
  return kind;
}

Kind<std::filesystem::path> optionalSecretFile() {
  Kind<std::filesystem::path> kind = secretFile();
  kind.words = "path, or empty";
  kind.read = [plain = kind.read](const std::string& text) -> Reading<std::filesystem::path> {
    if (text.empty()) return std::filesystem::path{};
    return plain(text);
  };
  return kind;
}

Kind<std::string> optionalGuid() {
  return {.words = "GUID, or empty",
          .read = [](const std::string& text) -> Reading<std::string> {
            if (text.empty() || validGuid(text)) return text;
            return Complaint{quote(text) + " is not a GUID",
                             "write it as 00000000-0000-0000-0000-000000000000, or \"\" for any tenant"};
          },
          .write = writeText};
}

Kind<std::string> policyName() {
  return {.words = "name of a shared access policy",
          .read = [](const std::string& text) -> Reading<std::string> {
            const bool plain = std::all_of(text.begin(), text.end(),
                                           [](char c) { return letterOrDigit(c) || c == '-' || c == '_' || c == '.'; });
            if (!text.empty() && text.size() <= kPolicyNameBytesMax && plain) return text;
            return Complaint{"this is not the name of a policy", "write its name as the hub shows it, letters and digits"};
          },
          .write = writeText};
}

Kind<std::string> deviceId() {
  return {.words = "device id of IoT Hub",
          .read = [](const std::string& text) -> Reading<std::string> {
            if (hub::validDeviceId(text)) return text;
            return Complaint{"this is not a device id", "write it as the hub shows it, at most 128 letters, digits and marks"};
          },
          .write = writeText};
}

Kind<std::string> groupName() {
  return {.words = "name of a group, or empty",
          .read = [](const std::string& text) -> Reading<std::string> {
            const bool plain = std::all_of(text.begin(), text.end(),
                                           [](char c) { return letterOrDigit(c) || c == '-' || c == '_' || c == '.' || c == '$'; });
            if (plain && text.size() <= kGroupNameBytesMax && !text.starts_with('-')) return text;
            return Complaint{quote(text) + " is not the name of a group", "write the name of one of this machine's groups"};
          },
          .write = writeText};
}

Kind<bool> flag() {
  return {.words = "`true` or `false`",
          .read = [](const std::string& text) -> Reading<bool> {
            if (text == "true" || text == "false") return text == "true";
            return Complaint{quote(text) + " is neither true nor false", "write true or false"};
          },
          .write = [](const bool& value) { return std::string{value ? "true" : "false"}; },
          .plain = true};
}

}  // namespace spheregate::config
