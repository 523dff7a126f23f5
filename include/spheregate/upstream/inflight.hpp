#pragma once

#include <cstdint>
#include <deque>
#include <optional>

#include "spheregate/base/clock.hpp"
#include "spheregate/mqtt/packets.hpp"

namespace spheregate::upstream {

// Our unacknowledged PUBLISHes on one hub connection, oldest first. Packet ids go up by one and wrap; since the window is far
// smaller than 65,535 an id is never in use twice.
class Inflight {
 public:
  struct Entry {
    std::uint64_t token = 0;
    base::MonoTime sent{};
    mqtt::PacketId packetId = 0;
    bool acknowledged = false;
  };

  // An id for a packet that is not a PUBLISH.
  mqtt::PacketId takeId();
  mqtt::PacketId add(std::uint64_t token, base::MonoTime now);
  // What the PUBACK answers; nothing for an id that is not waiting (a repeated or invented PUBACK).
  std::optional<Entry> acknowledge(mqtt::PacketId id);
  std::size_t size() const { return entries_.size(); }
  bool empty() const { return entries_.empty(); }
  // Only when not empty; the front is always unacknowledged.
  const Entry& oldest() const { return entries_.front(); }
  void clear() { entries_.clear(); }

 private:
  std::deque<Entry> entries_;
  mqtt::PacketId lastId_ = 0;
};

}  // namespace spheregate::upstream
