#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "spheregate/base/bytes.hpp"

// MQTT 3.1.1 control packets (OASIS mqtt-v3.1.1-os). Views point into the buffer that was decoded.
namespace spheregate::mqtt {

using PacketId = std::uint16_t;

enum class PacketType : std::uint8_t {
  connect = 1,
  connack,
  publish,
  puback,
  pubrec,
  pubrel,
  pubcomp,
  subscribe,
  suback,
  unsubscribe,
  unsuback,
  pingreq,
  pingresp,
  disconnect
};

enum class ConnackCode : std::uint8_t {
  accepted = 0,
  badProtocol = 1,
  badClientId = 2,
  unavailable = 3,
  badCredentials = 4,
  notAuthorized = 5
};

struct Will {
  std::string_view topic{};
  base::ByteView payload{};
  std::uint8_t qos = 0;
  bool retain = false;
};

struct Connect {
  std::string_view clientId{};
  bool cleanSession = true;
  std::uint16_t keepAliveSeconds = 0;
  std::optional<Will> will{};
  std::optional<std::string_view> username{};
  std::optional<base::ByteView> password{};
};

struct Connack {
  bool sessionPresent = false;
  ConnackCode code = ConnackCode::accepted;
};

struct Publish {
  std::string_view topic{};
  base::ByteView payload{};
  PacketId packetId = 0;  // 0 with QoS 0
  std::uint8_t qos = 0;
  bool dup = false;
  bool retain = false;
};

struct Filter {
  std::string_view filter{};
  std::uint8_t qos = 0;
};

struct Subscribe {
  PacketId packetId = 0;
  std::vector<Filter> filters{};  // at least one
};

struct Suback {
  PacketId packetId = 0;
  std::vector<std::uint8_t> codes{};  // 0, 1, 2 or 0x80
};

struct Unsubscribe {
  PacketId packetId = 0;
  std::vector<std::string_view> filters{};  // at least one
};

}  // namespace spheregate::mqtt
