#pragma once

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <deque>
#include <functional>

#include "write_turn.hpp"

namespace spheregate::tls {

// The work at the door, accepting and shaking hands, whose steps cost a hundred times what a message does: one piece at a time, and
// before each the loop has its laps, in which whoever is in is read, and what came of it is written. So a message is never behind more
// than one piece, however many are at the door; and the door has its share, however much is said inside. One for each io_context,
// which it dies with.
class DoorTurn final : public boost::asio::execution_context::service {
 public:
  static inline boost::asio::execution_context::id id;
  static DoorTurn& of(boost::asio::io_context& loop) { return boost::asio::use_service<DoorTurn>(loop); }

  explicit DoorTurn(boost::asio::io_context& loop);
  ~DoorTurn() override;

  // Runs it once, after those that were added before. A piece should take no longer than kDoorTurn and one step.
  void add(std::function<void()> piece);

 private:
  void shutdown() override { pieces_.clear(); }
  void beginLaps();
  void lap();
  bool mayGoOn() const;

  boost::asio::io_context& loop_;
  WriteTurn& writes_;
  std::deque<std::function<void()>> pieces_;  // the next one stays here until it runs
  std::chrono::steady_clock::time_point since_;
  int laps_ = 0;
};

}  // namespace spheregate::tls
