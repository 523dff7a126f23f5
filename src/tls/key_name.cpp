#include "spheregate/tls/key_name.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

#include "printable.hpp"
#include "spheregate/base/percent.hpp"

namespace spheregate::tls {
namespace {

using base::Explained;

constexpr std::string_view kPkcs11 = "pkcs11:";
constexpr std::string_view kHandle = "handle:";

struct Attribute {
  std::string_view name;
  std::string value;  // decoded
};

// Takes the next attribute off the text; nothing when it is not well-formed.
std::optional<Attribute> nextAttribute(std::string_view& text, char separator) {
  const std::string_view one = text.substr(0, text.find(separator));
  text.remove_prefix(std::min(text.size(), one.size() + 1));
  const std::size_t equals = one.find('=');
  if (equals == std::string_view::npos || equals == 0) return std::nullopt;
  auto value = base::percentDecode(one.substr(equals + 1));
  if (!value) return std::nullopt;
  return Attribute{.name = one.substr(0, equals), .value = std::move(*value)};
}

std::string hexOf(std::string_view bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (const char byte : bytes) {
    text += digits[static_cast<unsigned char>(byte) >> 4];
    text += digits[static_cast<unsigned char>(byte) & 15];
  }
  return text;
}

// The faults of attributes, as sentences; empty when all is well.
std::string takePathAttribute(const Attribute& attribute, KeyName& name) {
  if (attribute.name == "token") {
    name.token = clipped(printable(attribute.value));
  } else if (attribute.name == "object") {
    name.object = clipped(printable(attribute.value));
  } else if (attribute.name == "id") {
    if (name.object.empty()) name.object = "id " + clipped(hexOf(attribute.value));
  } else if (attribute.name == "type") {
    if (attribute.value != "private") return "names something else than a private key; leave out `type`, or write type=private";
  } else if (attribute.name != "serial" && attribute.name != "manufacturer" && attribute.name != "model") {
    return "has the attribute `" + clipped(printable(attribute.name)) +
           "`, which is not looked at; name the key by token, serial, manufacturer, model, object and id";
  }
  return {};
}

std::string takePinSource(std::string_view source, KeyName& name) {
  if (source.starts_with("file:")) source.remove_prefix(5);
  if (source.starts_with("///")) source.remove_prefix(2);
  if (!source.starts_with('/')) return "has a pin-source that is no file; write pin-source=file: and an absolute path";
  name.pinFile = source;
  return {};
}

std::string takeQueryAttribute(const Attribute& attribute, KeyName& name) {
  if (attribute.name == "pin-source") return takePinSource(attribute.value, name);
  if (attribute.name == "pin-value") {
    return "holds the PIN itself, and this file is read by more people than a secret may be; write the PIN into a file that only"
           " the gateway can read, and pin-source=file: with its path";
  }
  if (attribute.name == "module-path" && name.place == KeyName::Place::pkcs11) {
    if (!attribute.value.starts_with('/')) return "has a module-path that is not absolute; write the whole path of the token's library";
    name.module = attribute.value;
    return {};
  }
  return "has the query attribute `" + clipped(printable(attribute.name)) + "`, which is not looked at; what can stand there is " +
         (name.place == KeyName::Place::pkcs11 ? "pin-source and module-path" : "pin-source");
}

std::string takeQuery(std::string_view query, KeyName& name) {
  while (!query.empty()) {
    const auto attribute = nextAttribute(query, '&');
    if (!attribute) return "has a query that is not name=value; write for example ?pin-source=file:/etc/spheregate/pin";
    std::string fault = takeQueryAttribute(*attribute, name);
    if (!fault.empty()) return fault;
  }
  return {};
}

std::string takePath(std::string_view path, KeyName& name) {
  while (!path.empty()) {
    const auto attribute = nextAttribute(path, ';');
    if (!attribute) return "is not well-formed; write it as in pkcs11:token=gateway;object=server (RFC 7512)";
    std::string fault = takePathAttribute(*attribute, name);
    if (!fault.empty()) return fault;
  }
  if (name.object.empty()) return "names no key; add object= with the key's label, or id=";
  return {};
}

std::string takeHandle(std::string_view digits) {
  // The range that TPM 2.0 gives to persistent objects.
  constexpr std::uint32_t first = 0x81000000;
  constexpr std::uint32_t last = 0x81FFFFFF;
  std::uint32_t handle = 0;
  if (digits.starts_with("0x")) digits.remove_prefix(2);
  const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), handle, 16);
  const bool whole = !digits.empty() && read.ec == std::errc{} && read.ptr == digits.data() + digits.size();
  if (whole && first <= handle && handle <= last) return {};
  return "is not a persistent handle; write it as `tpm2_getcap handles-persistent` shows it, from handle:0x81000000 to"
         " handle:0x81FFFFFF";
}

}  // namespace

Explained<KeyName> keyName(std::string_view text) {
  KeyName name;
  const std::string_view address = text.substr(0, text.find('?'));
  const std::string_view query = address.size() == text.size() ? std::string_view{} : text.substr(address.size() + 1);
  std::string fault;
  if (text.starts_with(kPkcs11)) {
    name.place = KeyName::Place::pkcs11;
    fault = takePath(address.substr(kPkcs11.size()), name);
  } else if (text.starts_with(kHandle)) {
    name.place = KeyName::Place::tpm;
    fault = takeHandle(address.substr(kHandle.size()));
  } else {
    name.address = text;
    return name;
  }
  name.address = address;
  if (fault.empty()) fault = takeQuery(query, name);
  if (fault.empty()) return name;
  return base::failed<KeyName>((name.place == KeyName::Place::tpm ? "the handle of the TPM " : "the PKCS#11 URI ") + fault);
}

}  // namespace spheregate::tls
