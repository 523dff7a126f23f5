#include "spheregate/upstream/link.hpp"

#include "spheregate/hub/topics.hpp"

namespace spheregate::upstream {

// A store may hold what a gateway accepted that did not reckon with the device's name.
std::optional<Objection> Links::objection(std::string_view deviceId, std::string_view suffix, std::size_t) const {
  static const std::size_t aroundId = hub::telemetryPrefix({}).size();
  if (aroundId + deviceId.size() + suffix.size() <= kTopicBytesMax) return std::nullopt;
  return Objection{.reason = "topic_too_long", .sentence = "the topic with its properties has more than 65,535 bytes", .fix = "keep the topic, properties included, within 65,535 bytes"};
}

const char* label(Link::State state) {
  switch (state) {
    case Link::State::closed: return "closed";
    case Link::State::backingOff: return "backing_off";
    case Link::State::waitingTurn: return "waiting_turn";
    case Link::State::dialing: return "dialing";
    case Link::State::connecting: return "connecting";
    case Link::State::up: return "up";
    case Link::State::renewing: return "renewing";
  }
  return "closed";
}

}  // namespace spheregate::upstream
