#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "spheregate/base/bytes.hpp"
#include "spheregate/mqtt/packets.hpp"

namespace spheregate::session {

class Conversation;

struct ConnectAnswer {
  mqtt::ConnackCode code = mqtt::ConnackCode::unavailable;
  bool sessionPresent = false;
};

// What becomes of a PUBLISH.
struct PublishAnswer {
  enum class Kind : std::uint8_t {
    taken,        // acknowledge when `acknowledgeThrough` reaches the token
    acknowledge,  // nothing to wait for: acknowledge as soon as everything before it is
    hold,         // no room: ask again on `resume`; reading stops until then
    close,        // not allowed: end the connection
  };
  Kind kind = Kind::close;
  std::uint64_t token = 0;  // taken: never lower than the token before
};

enum class Ending : std::uint8_t {
  disconnected,      // the device said DISCONNECT
  lost,              // the connection broke, or was closed without DISCONNECT
  protocolError,
  protocolVersion,   // another MQTT than 3.1.1
  keepAliveExpired,
  connectTimedOut,
  refused,           // the CONNECT was answered with a code other than 0
  forbidden,         // a PUBLISH that the host answered with `close`, or a device that is denied by now
  tooSlow,           // the device does not read what it is sent
  takenOver,         // the same device connected again
  shutDown,          // the gateway stops, or its store is closed
};
const char* label(Ending ending);

struct StoredWill {
  std::string topic;
  base::Bytes payload;
  std::uint8_t qos = 0;
  bool retain = false;
};

// What a conversation asks of the gateway. Implemented above (room relay); called on the core thread.
class Host {
 public:
  virtual ~Host() = default;
  // The first CONNECT. The views die with the call.
  virtual ConnectAnswer connecting(Conversation& conversation, const mqtt::Connect& connect) = 0;
  // Its CONNACK or a SUBACK has been sent: what waits for the device may follow.
  virtual void listening(Conversation& conversation) = 0;
  virtual PublishAnswer published(Conversation& conversation, const mqtt::Publish& publish) = 0;
  // The SUBACK code for one filter.
  virtual std::uint8_t subscribing(Conversation& conversation, const mqtt::Filter& filter) = 0;
  virtual void unsubscribing(Conversation& conversation, std::string_view filter) = 0;
  // The device has acknowledged the QoS 1 message that was delivered with this token.
  virtual void received(Conversation& conversation, std::uint64_t token) = 0;
  // Once, last. The host may destroy the conversation when it has returned to the loop, not inside this call. `will` is set
  // when MQTT wants it published (§3.1.2.5): an admitted device that left without DISCONNECT.
  virtual void ended(Conversation& conversation, Ending ending, std::string_view detail, const StoredWill* will) = 0;
};

}  // namespace spheregate::session
