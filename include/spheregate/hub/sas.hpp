#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "spheregate/base/bytes.hpp"
#include "spheregate/base/result.hpp"

namespace spheregate::hub {

// A shared access key, decoded from base64. Overwritten in memory when it goes.
class SharedAccessKey {
 public:
  // Accepts white space, as a file has it, and 16 to 64 bytes of key, as the hub does. The error says what is wrong without
  // repeating the key.
  static base::Explained<SharedAccessKey> fromBase64(std::string_view text);
  SharedAccessKey(SharedAccessKey&&) noexcept = default;
  SharedAccessKey& operator=(SharedAccessKey&&) noexcept;
  SharedAccessKey(const SharedAccessKey&) = default;
  SharedAccessKey& operator=(const SharedAccessKey&);
  ~SharedAccessKey();

  // HMAC-SHA256 over the text, base64.
  std::string sign(std::string_view text) const;
  // Key of a device in a DPS enrolment group: HMAC-SHA256 over the registration id.
  SharedAccessKey derive(std::string_view registrationId) const;

 private:
  explicit SharedAccessKey(base::Bytes key) : key_{std::move(key)} {}
  base::Bytes key_;
};

struct SasToken {
  std::string resource;      // `sr` as received, still encoded: what the signature covers
  std::string signature;     // base64, decoded from percent-encoding
  std::int64_t expires = 0;  // seconds since 1970, UTC
  std::string policy;        // `skn`; empty when absent
};

enum class SasErrc { notAToken = 1, missingField, badExpiry, badEncoding };
boost::system::error_code make_error_code(SasErrc code);

// `resource` is the decoded resource, for example `contoso.azure-devices.net/devices/leaf1`; it is percent-encoded here.
[[nodiscard]] std::string makeSasToken(const SharedAccessKey& key, std::string_view resource, std::int64_t expires,
                                       std::string_view policy = {});
// The resource of a module's token. The ids are encoded here and once more by `makeSasToken`, so `$edgeHub` leaves as `%2524edgeHub`:
// edgeHub encodes twice, and whether the hub takes anything else is not known.
[[nodiscard]] std::string moduleResource(std::string_view hub, std::string_view deviceId, std::string_view moduleId);
// Fields in any order, names the hub does not know are passed over; a field given twice is not a token.
[[nodiscard]] base::Result<SasToken> parseSasToken(std::string_view text);
// Constant-time comparison of the signature; says nothing of expiry or audience.
[[nodiscard]] bool signedBy(const SasToken& token, const SharedAccessKey& key);
// The resource decoded until stable (on-behalf-of tokens encode twice), at most eight times: what is encoded deeper is a trick,
// keeps its percent signs and so names nobody.
[[nodiscard]] std::string audience(const SasToken& token);

}  // namespace spheregate::hub

template <>
struct boost::system::is_error_code_enum<spheregate::hub::SasErrc> : std::true_type {};
