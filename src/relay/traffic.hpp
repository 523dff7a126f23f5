#pragma once

#include <deque>

#include "spheregate/base/timers.hpp"
#include "spheregate/upstream/bucket.hpp"

namespace spheregate::relay {

// Whose turn it is to publish, when only so many messages a second may leave: by the hub's tier, or for backlogs by
// `queue.drain_rate`. Senders take turns, a message each. Those that are up to date come before those that catch up after an
// outage, but every tenth message is left to these, so that a busy hub does not keep a backlog for ever. One timer for all.
class Traffic {
 public:
  // Who has messages for the hub. Must outlive the Traffic, or hear nothing of it any more.
  class Sender {
   public:
    virtual ~Sender() = default;
    // It may publish now: asks `admits` again for each message.
    virtual void turn() = 0;
    // What it would publish next is of an outage.
    virtual bool catchingUp() const = 0;

   private:
    friend class Traffic;
    bool inLine_ = false;
  };

  // 0: no limit.
  Traffic(base::Timers& timers, double messagesPerSecond, double backlogPerSecond);

  // Whether the sender may publish a message now. If not, its `turn` will come.
  bool admits(Sender& sender) { return !limited_ || admitsOneMore(sender); }
  // It did.
  void published(const Sender& sender) {
    if (limited_) count(sender);
  }
  void setBacklogRate(double perSecond);
  bool limited() const { return limited_; }

 private:
  bool admitsOneMore(Sender& sender);
  void count(const Sender& sender);
  void lineUp(Sender& sender);
  Sender* next();
  bool backlogsTurn();
  void serve();
  void arm();

  base::Timers& timers_;
  upstream::Bucket messages_;
  upstream::Bucket backlog_;
  bool limited_;
  std::deque<Sender*> live_;
  std::deque<Sender*> late_;
  Sender* serving_ = nullptr;
  unsigned servedMessages_ = 0;
  unsigned liveInARow_ = 0;  // since the last message of a backlog
  base::Timer timer_;
};

}  // namespace spheregate::relay
