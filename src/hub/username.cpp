#include "spheregate/hub/username.hpp"

#include <algorithm>
#include <cctype>

#include "query.hpp"
#include "spheregate/base/utf8.hpp"
#include "spheregate/hub/device_id.hpp"
#include "spheregate/hub/property_bag.hpp"

namespace spheregate::hub {
namespace {

constexpr std::string_view kApiVersion = "api-version";

const char* describe(UsernameErrc code) {
  switch (code) {
    case UsernameErrc::empty:
      return "the username is empty";
    case UsernameErrc::noDevice:
      return "the username names no device: expected {host}/{device}/?api-version=...";
    case UsernameErrc::badDevice:
      return "the username holds an invalid device or module id";
    case UsernameErrc::noApiVersion:
      return "the username has no api-version: expected {host}/{device}/?api-version=...";
    case UsernameErrc::tooLong:
      return "the username is longer than 4096 bytes";
    case UsernameErrc::badQuery:
      return "the username's query has a broken escape, a space or a control character";
  }
  return "unknown username error";
}

class Category final : public boost::system::error_category {
 public:
  const char* name() const noexcept override { return "spheregate.username"; }
  std::string message(int value) const override { return describe(static_cast<UsernameErrc>(value)); }
};

constexpr Category category;

// Takes the text up to the next slash, and the slash, off `rest`; `found` tells whether there was one.
std::string_view takeSegment(std::string_view& rest, bool& found) {
  const std::size_t slash = rest.find('/');
  found = slash != std::string_view::npos;
  const std::string_view segment = rest.substr(0, slash);
  rest.remove_prefix(found ? slash + 1 : rest.size());
  return segment;
}

bool hasKey(std::string_view query, std::string_view key) {
  while (!query.empty()) {
    const Item item = splitItem(takeItem(query));
    if (percentDecode(item.key) == key) return true;
  }
  return false;
}

bool visible(unsigned char c) { return c > 0x20 && c < 0x7f; }

// Some SDKs send values as they are, so there may be any punctuation and, in a user agent, any letter.
bool visibleAsSent(std::string_view text) {
  while (!text.empty()) {
    const base::Utf8Character character = base::firstCharacter(text);
    if (!character.valid || base::obeyed(character.code) || character.code == ' ') return false;
    text.remove_prefix(character.bytes);
  }
  return true;
}

bool validQuery(std::string_view query) {
  if (!visibleAsSent(query)) return false;
  while (!query.empty()) {
    const Item item = splitItem(takeItem(query));
    const auto key = percentDecode(item.key);
    if (!key || !std::all_of(key->begin(), key->end(), visible) || !percentDecode(item.value)) return false;
  }
  return true;
}

bool equalIgnoringCase(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

// A question mark may occur in an id, and a slash in a query that its client did not encode, so only the first byte behind the
// ids tells where the query starts.
bool queryStarts(std::string_view rest) { return rest.starts_with('?') || rest.starts_with(kApiVersion); }

}  // namespace

boost::system::error_code make_error_code(UsernameErrc code) { return {static_cast<int>(code), category}; }

base::Result<Username> parseUsername(std::string_view text) {
  if (text.empty()) return UsernameErrc::empty;
  if (text.size() > kUsernameBytesMax) return UsernameErrc::tooLong;

  Username username;
  bool slash = false;
  username.host = takeSegment(text, slash);
  username.deviceId = takeSegment(text, slash);
  if (username.deviceId.empty()) return UsernameErrc::noDevice;
  if (!validDeviceId(username.deviceId)) return UsernameErrc::badDevice;

  if (!queryStarts(text) && text.find('/') != std::string_view::npos) {
    username.moduleId = takeSegment(text, slash);
    if (!validDeviceId(username.moduleId)) return UsernameErrc::badDevice;
  }
  username.query = text.starts_with('?') ? text.substr(1) : text;
  if (!validQuery(username.query)) return UsernameErrc::badQuery;
  if (!hasKey(username.query, kApiVersion)) return UsernameErrc::noApiVersion;
  return username;
}

std::optional<std::string> queryValue(std::string_view query, std::string_view key) {
  while (!query.empty()) {
    const std::string_view text = takeItem(query);
    if (text.empty()) continue;
    const Item item = splitItem(text);
    if (percentDecode(item.key) == key) return percentDecode(item.value);
  }
  return std::nullopt;
}

bool hasQueryKey(std::string_view query, std::string_view key) {
  while (!query.empty()) {
    const auto found = percentDecode(splitItem(takeItem(query)).key);
    if (found && equalIgnoringCase(*found, key)) return true;
  }
  return false;
}

std::string hubUsername(std::string_view hub, std::string_view deviceId, std::string_view query) {
  std::string username;
  username.reserve(hub.size() + deviceId.size() + query.size() + 3);
  return username.append(hub).append("/").append(deviceId).append("/?").append(query);
}

}  // namespace spheregate::hub
