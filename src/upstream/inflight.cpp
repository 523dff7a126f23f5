#include "spheregate/upstream/inflight.hpp"

namespace spheregate::upstream {

mqtt::PacketId Inflight::takeId() {
  lastId_ = lastId_ == 0xFFFF ? 1 : static_cast<mqtt::PacketId>(lastId_ + 1);
  return lastId_;
}

mqtt::PacketId Inflight::add(std::uint64_t token, base::MonoTime now) {
  const mqtt::PacketId id = takeId();
  entries_.push_back({.token = token, .sent = now, .packetId = id, .acknowledged = false});
  return id;
}

std::optional<Inflight::Entry> Inflight::acknowledge(mqtt::PacketId id) {
  for (Entry& entry : entries_) {
    if (entry.packetId != id) continue;
    if (entry.acknowledged) return std::nullopt;
    entry.acknowledged = true;
    const Entry found = entry;
    while (!entries_.empty() && entries_.front().acknowledged) entries_.pop_front();
    return found;
  }
  return std::nullopt;
}

}  // namespace spheregate::upstream
