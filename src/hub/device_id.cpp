#include "spheregate/hub/device_id.hpp"

#include <algorithm>

namespace spheregate::hub {
namespace {

bool idCharacter(char c) {
  constexpr std::string_view marks = "-.%_*?!(),:=@$'";
  const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  const bool digit = c >= '0' && c <= '9';
  return letter || digit || marks.find(c) != std::string_view::npos;
}

bool lowerHex(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); }

}  // namespace

bool validDeviceId(std::string_view id) {
  return !id.empty() && id.size() <= kDeviceIdBytesMax && std::all_of(id.begin(), id.end(), idCharacter);
}

bool sphereDeviceId(std::string_view id) {
  constexpr std::size_t digits = 128;
  return id.size() == digits && std::all_of(id.begin(), id.end(), lowerHex);
}

}  // namespace spheregate::hub
