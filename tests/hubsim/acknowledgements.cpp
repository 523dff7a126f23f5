#include "hubsim/acknowledgements.hpp"

#include <algorithm>
#include <chrono>

#include "spheregate/mqtt/encoder.hpp"

namespace spheregate::hubsim {

void Acknowledgements::owe(mqtt::PacketId id, const Archive::Place& place) {
  const Faults& faults = hub_.faults();
  if (hub_.chance(faults.pubackLoss)) {
    ++hub_.counters().pubacksLost;
    return;
  }
  const bool closes = hub_.chance(faults.closeInsteadOfPuback);
  if (faults.pubackDelayMs == 0 && owed_.empty()) return pay({{}, id, place, closes});

  // A delay that was shortened meanwhile must not let a later PUBACK overtake an earlier one.
  base::MonoTime due = hub_.timers().now() + std::chrono::milliseconds{faults.pubackDelayMs};
  if (!owed_.empty()) due = std::max(due, owed_.back().due);
  owed_.push_back({due, id, place, closes});
  if (!timer_.armed()) arm();
}

void Acknowledgements::cancel() {
  cancelled_ = true;
  owed_.clear();
  timer_.cancel();
}

void Acknowledgements::pay(const Owed& owed) {
  if (owed.closes) return close_("fault_instead_of_puback");
  writer_.say([&](base::Bytes& out) { mqtt::appendPuback(out, owed.id); });
  hub_.acknowledge(owed.place);
}

void Acknowledgements::payDue() {
  const base::MonoTime now = hub_.timers().now();
  while (!owed_.empty() && owed_.front().due <= now) {
    const Owed owed = owed_.front();
    owed_.pop_front();
    pay(owed);
    if (cancelled_) return;
  }
  writer_.flush();
  if (!owed_.empty()) arm();
}

void Acknowledgements::arm() {
  timer_.at(owed_.front().due, [this] { payDue(); });
}

}  // namespace spheregate::hubsim
