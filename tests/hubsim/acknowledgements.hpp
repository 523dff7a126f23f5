#pragma once

#include <deque>
#include <functional>
#include <string_view>

#include "hubsim/archive.hpp"
#include "hubsim/hub.hpp"
#include "hubsim/packet_writer.hpp"
#include "spheregate/base/timers.hpp"
#include "spheregate/mqtt/packets.hpp"

namespace spheregate::hubsim {

// The PUBACKs one connection is owed, in the order its messages arrived, with the delays, losses and closes the fault
// switches ask for. The fate of a PUBACK is drawn when its message arrives, so a seed replays.
class Acknowledgements {
 public:
  using Close = std::function<void(std::string_view reason)>;

  Acknowledgements(Hub& hub, PacketWriter& writer, Close close)
      : hub_{hub}, writer_{writer}, close_{std::move(close)}, timer_{hub.timers()} {}

  // Without a delay the PUBACK goes into the outbox at once; the caller flushes. May close the connection.
  void owe(mqtt::PacketId id, const Archive::Place& place);
  void cancel();

 private:
  struct Owed {
    base::MonoTime due;
    mqtt::PacketId id = 0;
    Archive::Place place;
    bool closes = false;
  };
  void pay(const Owed& owed);
  void payDue();
  void arm();

  Hub& hub_;
  PacketWriter& writer_;
  Close close_;
  std::deque<Owed> owed_;
  bool cancelled_ = false;
  base::Timer timer_;
};

}  // namespace spheregate::hubsim
