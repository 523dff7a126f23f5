#include "common_name.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace spheregate::identity {
namespace {

constexpr std::size_t kSphereIdDigits = 128;
constexpr std::size_t kDeviceIdBytesMax = 128;
constexpr const char* kReissue = "issue a certificate whose subject has the device's id as its only common name";

bool digit(char c) { return c >= '0' && c <= '9'; }
bool lowerHex(char c) { return digit(c) || (c >= 'a' && c <= 'f'); }
bool anyHex(char c) { return lowerHex(c) || (c >= 'A' && c <= 'F'); }

// What IoT Hub's identity registry takes.
bool registryCharacter(char c) {
  constexpr std::string_view marks = "-.%_*?!(),:=@$'";
  return digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || marks.find(c) != std::string_view::npos;
}

NameFinding bad(std::string reason, std::string fix) { return {Refusal::badName, {}, std::move(reason), std::move(fix)}; }

NameFinding good(std::string_view name) { return {Refusal::none, std::string{name}, {}, {}}; }

// The 1-based place of the first character that `allowed` refuses; 0 when there is none.
std::size_t firstOutside(std::string_view text, bool (*allowed)(char)) {
  const auto at = std::find_if_not(text.begin(), text.end(), allowed);
  return at == text.end() ? 0 : static_cast<std::size_t>(at - text.begin()) + 1;
}

NameFinding checkSphereId(std::string_view text) {
  if (text.size() != kSphereIdDigits) {
    return bad("the name has " + std::to_string(text.size()) + " characters, the id of an Azure Sphere device has 128",
               "for devices that are not Azure Sphere set devices.identity to any");
  }
  if (const std::size_t at = firstOutside(text, anyHex)) {
    return bad("the name has 128 characters, but character " + std::to_string(at) + " is not a hexadecimal digit",
               "for devices that are not Azure Sphere set devices.identity to any");
  }
  if (firstOutside(text, lowerHex)) {
    return {Refusal::upperCaseName,
            {},
            "the name has capital letters, the id of an Azure Sphere device is lower-case hexadecimal",
            "write the id in lower case wherever it is used; Azure tools print device ids in capitals"};
  }
  return good(text);
}

NameFinding checkRegistryId(std::string_view text) {
  if (text.empty()) return bad("the name is empty", kReissue);
  if (text.size() > kDeviceIdBytesMax) {
    return bad("the name has " + std::to_string(text.size()) + " characters, a device id of IoT Hub has at most 128", kReissue);
  }
  if (const std::size_t at = firstOutside(text, registryCharacter)) {
    return bad("character " + std::to_string(at) + " of the name is none that IoT Hub allows in a device id",
               "use only ASCII letters, digits and - . % _ * ? ! ( ) , : = @ $ '");
  }
  return good(text);
}

}  // namespace

NameFinding readCommonName(X509& certificate, NameRule rule) {
  const X509_NAME* subject = X509_get_subject_name(&certificate);
  const int first = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
  if (first < 0) return {Refusal::noName, {}, "the certificate's subject has no common name", kReissue};
  if (X509_NAME_get_index_by_NID(subject, NID_commonName, first) >= 0) {
    return {Refusal::severalNames, {}, "the certificate's subject has more than one common name", kReissue};
  }
  const ASN1_STRING* value = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, first));
  const int type = ASN1_STRING_type(value);
  if (type != V_ASN1_UTF8STRING && type != V_ASN1_PRINTABLESTRING && type != V_ASN1_IA5STRING) {
    return bad(std::string{"the common name is a "} + ASN1_tag2str(type) + " of " + std::to_string(ASN1_STRING_length(value)) + " bytes",
               "encode the common name as PrintableString or UTF8String");
  }
  const std::string_view text{reinterpret_cast<const char*>(ASN1_STRING_get0_data(value)),
                              static_cast<std::size_t>(ASN1_STRING_length(value))};
  if (const std::size_t at = text.find('\0'); at != std::string_view::npos) {
    return bad("the common name has a NUL byte after " + std::to_string(at) + " of its " + std::to_string(text.size()) + " characters", kReissue);
  }
  return checkDeviceId(text, rule);
}

NameFinding checkDeviceId(std::string_view text, NameRule rule) {
  return rule == NameRule::sphere ? checkSphereId(text) : checkRegistryId(text);
}

}  // namespace spheregate::identity
