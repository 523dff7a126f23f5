#include "spheregate/upstream/link.hpp"

namespace spheregate::upstream {

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
