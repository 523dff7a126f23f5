#include "door_turn.hpp"

#include <boost/asio/post.hpp>
#include <utility>

#include "limits.hpp"

namespace spheregate::tls {

DoorTurn::DoorTurn(boost::asio::io_context& loop)
    : boost::asio::execution_context::service{loop}, loop_{loop}, writes_{WriteTurn::of(loop)} {}

DoorTurn::~DoorTurn() = default;

void DoorTurn::add(std::function<void()> piece) {
  pieces_.push_back(std::move(piece));
  if (pieces_.size() == 1) beginLaps();
}

void DoorTurn::beginLaps() {
  laps_ = 0;
  since_ = std::chrono::steady_clock::now();
  lap();
}

// Behind all that is in the loop's queue. In each lap the loop also asks the system what else is ready.
void DoorTurn::lap() {
  boost::asio::post(loop_, [this] {
    if (pieces_.empty()) return;
    ++laps_;
    if (!mayGoOn()) return lap();
    const std::function<void()> piece = std::move(pieces_.front());
    piece();
    // Also when the piece has added another, which then saw this one's place and did not begin.
    pieces_.pop_front();
    if (!pieces_.empty()) beginLaps();
  });
}

bool DoorTurn::mayGoOn() const {
  if (laps_ >= kDoorLaps && !writes_.waiting()) return true;
  return std::chrono::steady_clock::now() - since_ >= kDoorWaitMax;
}

}  // namespace spheregate::tls
