#pragma once

#include <cstddef>
#include <cstdint>

#include "spheregate/base/clock.hpp"
#include "spheregate/queue/custody.hpp"

namespace spheregate::relay {

// Finds the message of one device on which the hub closes the connection, for it gives no reason. After a close with messages
// under way the next goes alone. One on which the hub closes three times, alone and soon after it was sent, is guilty if
// meanwhile the hub took messages of other devices and cut none of them. When the hub takes nothing of others a witness is heard:
// the message behind it, sent alone in its place, at once after a close on the accused, is acknowledged. Throttle, quota, outage
// and a second owner of the device's name give no such evidence. Remembers numbers only.
class Suspicion {
 public:
  static constexpr unsigned kCloses = 3;
  // While the hub is in trouble with everybody.
  static constexpr unsigned kClosesWhenFoul = 5;
  // When others are cut too, or some were of late on a message that the hub took in the end: such a hub closes by chance, but
  // hardly so often on one.
  static constexpr unsigned kClosesInDoubt = 10;

  // What happened to all other devices until now.
  struct Others {
    std::uint64_t acknowledged = 0;
    std::uint64_t cut = 0;  // not counting closes again on the same message
  };
  struct Close {
    queue::Sequence alone = 0;  // the only one under way; 0: there were several
    base::Duration after{};     // since it was sent
    base::MonoTime now{};
    Others others;
    bool foul = false;      // the hub is in trouble with everybody
    bool byChance = false;  // of late it closed on messages that it took in the end
  };

  bool suspects() const { return window_ != 0; }
  std::size_t window(std::size_t usual) const { return window_ == 0 ? usual : window_; }
  // All that was under way has been answered, so there is no harm in it. True when the hub had closed on it before.
  bool answered(std::size_t usual);
  // The hub closed the connection with something under way. True: try again at once.
  bool closed(const Close& close);
  // It did so with nothing under way: a second owner of the name, perhaps.
  void closedIdle() { forget(); }
  // Before it counts to three the connection is held for a moment without a message, to see whether that ends it too. Not while
  // it tries for all others.
  bool wantsSilence() const { return accused_ != 0 && closes_ + 1 == kCloses && !foul_; }
  bool accuses(queue::Sequence sequence) const { return accused_ != 0 && sequence == accused_; }
  bool guilty(queue::Sequence sequence) const { return guilty_ && sequence == accused_; }
  // Only at once after a close: later, what ended it may be over, and the witness would prove nothing.
  bool wantsWitness(queue::Sequence sequence, base::MonoTime now) const {
    return wantsWitness_ && sequence == accused_ && now - lastClose_ <= kFresh;
  }
  void noWitness() { wantsWitness_ = false; }
  void witness(queue::Sequence sequence) { witness_ = sequence; }
  bool isWitness(queue::Sequence sequence) const { return witness_ != 0 && sequence == witness_; }
  unsigned closes() const { return closes_; }
  // The guilty one is out of the way.
  void settled();

 private:
  static constexpr base::Duration kFresh = std::chrono::seconds{2};

  void forget();
  bool mayHurry(base::MonoTime now);

  std::size_t window_ = 0;  // 0: as usual
  queue::Sequence accused_ = 0;
  unsigned closes_ = 0;
  Others since_;
  bool guilty_ = false;
  bool wantsWitness_ = false;
  bool foul_ = false;  // at the last close
  base::MonoTime lastClose_{};
  queue::Sequence witness_ = 0;
  base::MonoTime hurrySince_{};
  unsigned hurries_ = 0;
};

}  // namespace spheregate::relay
