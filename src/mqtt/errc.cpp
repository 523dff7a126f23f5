#include <string>

#include "spheregate/mqtt/decoder.hpp"

namespace spheregate::mqtt {
namespace {

const char* describe(Errc code) {
  switch (code) {
    case Errc::malformedLength:
      return "remaining length runs over four bytes";
    case Errc::tooLarge:
      return "packet larger than the limit";
    case Errc::badType:
      return "packet type that is reserved or not expected here";
    case Errc::badFlags:
      return "reserved flags of the fixed header are wrong";
    case Errc::truncated:
      return "a field runs past the end of the packet";
    case Errc::trailingBytes:
      return "bytes after the last field of the packet";
    case Errc::badProtocolName:
      return "protocol name is not MQTT";
    case Errc::badProtocolLevel:
      return "protocol level is not 4 (MQTT 3.1.1)";
    case Errc::badConnectFlags:
      return "connect flags contradict each other or set a reserved bit";
    case Errc::badString:
      return "string is not valid UTF-8 or contains U+0000";
    case Errc::badTopic:
      return "topic name is empty or contains a wildcard";
    case Errc::badFilter:
      return "topic filter is empty or has a wildcard out of place";
    case Errc::badPacketId:
      return "packet identifier is zero";
    case Errc::badQos:
      return "quality of service out of range";
    case Errc::emptyList:
      return "packet without a single filter or return code";
    case Errc::badReturnCode:
      return "return code that MQTT 3.1.1 does not define";
  }
  return "unknown MQTT error";
}

class Category final : public boost::system::error_category {
 public:
  const char* name() const noexcept override { return "spheregate.mqtt"; }
  std::string message(int value) const override { return describe(static_cast<Errc>(value)); }
};

constexpr Category category;

}  // namespace

boost::system::error_code make_error_code(Errc code) { return {static_cast<int>(code), category}; }

}  // namespace spheregate::mqtt
