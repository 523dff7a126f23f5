#include "knocks.hpp"

#include <algorithm>
#include <utility>

namespace spheregate::tls {

bool Knocks::mustWait(std::string_view source, base::MonoTime now) {
  const Source* known = sources_.find(source);
  return known != nullptr && now >= known->shutFrom && now < known->shutUntil;
}

// Refusals of those who came before the door was shut make no pause longer.
void Knocks::refused(std::string_view source, base::MonoTime now) {
  Source& known = sources_.touch(source);
  if (++known.row < kKnocksFree || now < known.shutUntil) return;
  known.pause = known.pause == base::Duration{} ? base::Duration{kKnockPauseFirst} : std::min<base::Duration>(known.pause * 2, kKnockPauseMax);
  known.shutFrom = now + kKnockTime;
  known.shutUntil = known.shutFrom + known.pause;
}

unsigned Knocks::inRow(std::string_view source) {
  const Source* known = sources_.find(source);
  return known == nullptr ? 0 : known->row;
}

std::optional<std::uint64_t> Knocks::mayLog(std::string_view source, base::MonoTime now) {
  Source& known = sources_.touch(source);
  if (known.loggedAt && now - *known.loggedAt < kKnockQuiet) {
    ++known.unlogged;
    return std::nullopt;
  }
  known.loggedAt = now;
  return std::exchange(known.unlogged, 0);
}

}  // namespace spheregate::tls
