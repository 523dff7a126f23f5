#pragma once

#include <deque>
#include <memory>
#include <string>
#include <utility>

#include "spheregate/base/wire.hpp"
#include "world.hpp"

namespace spheregate::simulation {

// A TCP connection of the simulated network: bytes arrive late, in pieces of any size, in order; it can be cut, with either side
// learning of it at its own time or never.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  // Both ends of a new connection; the second is the far side.
  static std::pair<std::unique_ptr<base::Wire>, std::unique_ptr<base::Wire>> make(World& world, std::string name,
                                                                                 std::weak_ptr<Connection>* handle = nullptr);

  // The network loses everything on the way and everything said from now on.
  void cut();
  bool dead() const { return dead_; }

 private:
  class End;
  struct Side {
    base::WireUser* user = nullptr;
    bool owned = true;       // the Wire object exists
    bool closing = false;    // close() was called here: hears nothing more
    bool paused = false;
    bool told = false;       // wireClosed was delivered
    bool gone = false;       // the other side closed or the cut was noticed; to be told after what has arrived
    base::Bytes outbox;
    bool flushing = false;
    std::deque<base::Bytes> arrived;
    base::MonoTime lastArrival{};
  };

  Connection(World& world, std::string name) : world_{world}, name_{std::move(name)} {}

  void flush(int from);
  void send(int from);
  void deliver(int to);
  void closeFrom(int from);
  void noticeAt(int side, base::MonoTime when);

  World& world_;
  std::string name_;
  Side sides_[2];
  bool dead_ = false;
};

}  // namespace spheregate::simulation
