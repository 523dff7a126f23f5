#include "traffic.hpp"

#include <algorithm>

namespace spheregate::relay {
namespace {

constexpr unsigned kLiveInARowMax = 9;

}  // namespace

Traffic::Traffic(base::Timers& timers, double messagesPerSecond, double backlogPerSecond)
    : timers_{timers},
      messages_{messagesPerSecond, timers.now()},
      backlog_{backlogPerSecond, timers.now()},
      limited_{messages_.limited() || backlog_.limited()},
      timer_{timers} {}

void Traffic::setBacklogRate(double perSecond) {
  backlog_.setRate(perSecond, timers_.now());
  limited_ = messages_.limited() || backlog_.limited();
  if (!live_.empty() || !late_.empty()) timer_.after({}, [this] { serve(); });
}

bool Traffic::admitsOneMore(Sender& sender) {
  const base::MonoTime now = timers_.now();
  const bool late = sender.catchingUp();
  // Who has its turn goes first; who has had it goes on only if nobody waits.
  const bool mine = serving_ == &sender && servedMessages_ == 0;
  const bool free = mine || (live_.empty() && (late ? late_.empty() : !backlogsTurn()));
  if (free && messages_.ready(now) && (!late || backlog_.ready(now))) return true;
  lineUp(sender);
  return false;
}

void Traffic::count(const Sender& sender) {
  messages_.take();
  if (sender.catchingUp()) {
    backlog_.take();
    liveInARow_ = 0;
  } else {
    ++liveInARow_;
  }
  if (serving_ == &sender) ++servedMessages_;
}

void Traffic::lineUp(Sender& sender) {
  if (sender.inLine_) return;
  sender.inLine_ = true;
  (sender.catchingUp() ? late_ : live_).push_back(&sender);
  if (!serving_) arm();
}

bool Traffic::backlogsTurn() { return liveInARow_ >= kLiveInARowMax && !late_.empty() && backlog_.ready(timers_.now()); }

Traffic::Sender* Traffic::next() {
  const base::MonoTime now = timers_.now();
  if (!messages_.ready(now)) return nullptr;
  const bool lateMay = !late_.empty() && backlog_.ready(now);
  if (live_.empty() && !lateMay) return nullptr;
  auto& line = live_.empty() || (lateMay && backlogsTurn()) ? late_ : live_;
  Sender* sender = line.front();
  line.pop_front();
  sender->inLine_ = false;
  return sender;
}

// Each who is served takes a token or leaves the line, so this ends.
void Traffic::serve() {
  while (Sender* sender = next()) {
    serving_ = sender;
    servedMessages_ = 0;
    sender->turn();
    serving_ = nullptr;
  }
  arm();
}

void Traffic::arm() {
  if (live_.empty() && late_.empty()) return;
  const base::MonoTime now = timers_.now();
  (void)messages_.ready(now);
  (void)backlog_.ready(now);
  const base::Duration wait = live_.empty() ? std::max(messages_.wait(), backlog_.wait()) : messages_.wait();
  if (!timer_.armed() || timer_.due() > now + wait) timer_.at(now + wait, [this] { serve(); });
}

}  // namespace spheregate::relay
