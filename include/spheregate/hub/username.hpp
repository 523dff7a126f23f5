#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

#include "spheregate/base/result.hpp"

namespace spheregate::hub {

// The username of a CONNECT: `{host}/{device}[/{module}]/?{query}`, also the old form without the question mark.
// Views into the text that was parsed.
struct Username {
  std::string_view host;
  std::string_view deviceId;
  std::string_view moduleId;  // empty for a device
  std::string_view query;     // everything after `?` (or after the slash behind the ids in the old form), verbatim
};

inline constexpr std::size_t kUsernameBytesMax = 4096;

enum class UsernameErrc { empty = 1, noDevice, badDevice, noApiVersion, tooLong, badQuery };
boost::system::error_code make_error_code(UsernameErrc code);

// `api-version` must be present as a query key; its value is not judged, nor is the host, which may be the gateway's own name.
// The hub gets the query as it is, so nothing may be in it that two readers could read in two ways: broken escapes, spaces,
// control characters, or a key that does not decode to visible ASCII.
[[nodiscard]] base::Result<Username> parseUsername(std::string_view text);

// First value of `key` in a query, percent-decoded; nothing if absent or if its escapes are broken. Keys are compared after
// decoding.
[[nodiscard]] std::optional<std::string> queryValue(std::string_view query, std::string_view key);

// Whether a query that `parseUsername` accepted has the key, whatever its letter case and escapes, with a value or without.
[[nodiscard]] bool hasQueryKey(std::string_view query, std::string_view key);

// What the hub wants to read: the hub's name, the device, the device's own query kept byte for byte.
[[nodiscard]] std::string hubUsername(std::string_view hub, std::string_view deviceId, std::string_view query);

// The default query, for links that are opened for an absent device whose username was never seen.
inline constexpr std::string_view kDefaultQuery = "api-version=2021-04-12";

}  // namespace spheregate::hub

template <>
struct boost::system::is_error_code_enum<spheregate::hub::UsernameErrc> : std::true_type {};
