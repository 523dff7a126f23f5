#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "spheregate/base/bytes.hpp"
#include "spheregate/base/clock.hpp"
#include "spheregate/mqtt/packets.hpp"

namespace spheregate::upstream {

class Link;

// What a link tells its owner. On the core thread; the owner must not destroy the link inside.
class LinkUser {
 public:
  virtual ~LinkUser() = default;
  // The hub accepted the CONNECT; `publish` works from now on.
  virtual void linkUp(Link& link) = 0;
  // The hub has the message that was published with this token.
  virtual void linkAcknowledged(Link& link, std::uint64_t token) = 0;
  // The hub sent a message to the device. With QoS 1, `acknowledge` its packet id when the device has it. The views die with the
  // call.
  virtual void linkMessage(Link& link, const mqtt::Publish& message) = 0;
  // After acknowledgements, or when the wire took what it had: there may be room to publish.
  virtual void linkRoom(Link& link) = 0;
  // The connection is gone or an attempt failed. What was not acknowledged must be offered again after `linkUp`.
  virtual void linkDown(Link& link, std::string_view reason) = 0;
};

// What one device has of the way to the hub: a connection of its own (OwnLink), or its share of the gateway's (SharedLink). Core
// thread only.
class Link {
 public:
  enum class State : std::uint8_t { closed, backingOff, waitingTurn, dialing, connecting, up, renewing };

  virtual ~Link() = default;

  // From now on it is wanted. `query` is the query of the device's username, kept byte for byte; it counts at the next CONNECT.
  virtual void open(std::string_view query) = 0;
  // No longer wanted: says DISCONNECT if it is up. The user hears nothing of it.
  virtual void close() = 0;
  // Try again within this time instead of at the end of a longer back-off. While the hub is in trouble with everybody, that is granted
  // once to the link that tried for all.
  virtual void hurry(base::Duration within) = 0;

  virtual State state() const = 0;
  bool up() const { return state() == State::up; }
  // The last attempt failed, or the connection was lost: nothing can be expected of the hub soon.
  virtual bool failing() const = 0;
  virtual std::string_view lastError() const = 0;
  // The last connection was up, was this device's alone, and the other side closed it.
  virtual bool closedByHub() const { return false; }
  virtual std::size_t inflight() const = 0;
  // Subscribes at the hub, now and after every reconnect, until `unfollow`. The latest QoS counts.
  virtual void follow(std::string_view filter, std::uint8_t qos) = 0;
  virtual void unfollow(std::string_view filter) = 0;
  virtual bool follows(std::string_view filter) const = 0;
  // QoS 0, only while `up()`: requests and replies that are worth nothing later. False when the hub does not take what it gets.
  virtual bool send(std::string_view topic, base::ByteView payload) = 0;
  // The device has the hub's QoS 1 message with this packet id, received on connection `epoch`; of an earlier connection it is
  // ignored, because the hub will send it again.
  virtual void acknowledge(std::uint64_t epoch, mqtt::PacketId id) = 0;
  // Whether the cloud-to-device messages it hands over are its own copies, good for `acknowledge` whatever becomes of the connection.
  virtual bool keepsCloudMessages() const { return false; }
  // Counts the connections that came up.
  virtual std::uint64_t epoch() const = 0;
  // The hub does not answer something other than a PUBLISH: rebuilds the connection.
  virtual void stalled(std::string_view reason) = 0;
  // The hub asks for a pause: reconnects after the back-off.
  virtual void refused(std::string_view reason) = 0;
  // How many more messages may be published now.
  virtual std::size_t room() const = 0;
  // QoS 1. The topic is given in parts. Only while `room() > 0`.
  virtual void publish(std::string_view prefix, std::string_view suffix, base::ByteView payload, bool retain, bool dup,
                       std::uint64_t token) = 0;
};

const char* label(Link::State state);

// What the two bytes of a topic's length can say (MQTT 3.1.1 §1.5.3); the encoder takes more for a bug. It holds for prefix and suffix
// together.
inline constexpr std::size_t kTopicBytesMax = 65'535;

// Why a message must not go to the hub: a word for counters, a sentence, and what to do about it.
struct Objection {
  const char* reason;
  const char* sentence;
  const char* fix;
};

// Where links come from: one kind for all devices, by `upstream.mode`.
class Links {
 public:
  virtual ~Links() = default;
  // The user must outlive the link.
  virtual std::unique_ptr<Link> make(std::string deviceId, LinkUser& user) = 0;
  // Why such a message of the device's must not be published, however often it is tried; nothing when it may.
  virtual std::optional<Objection> objection(std::string_view deviceId, std::string_view suffix, std::size_t payloadBytes) const;
  // Whether twins and direct methods of devices can come this way.
  virtual bool twinsAndMethods() const { return true; }
};

}  // namespace spheregate::upstream
