#include "suspicion.hpp"

namespace spheregate::relay {
namespace {

// A close that comes later after the message has another cause.
constexpr base::Duration kSoon = std::chrono::seconds{5};
// So many tries without back-off, and not again for so long.
constexpr unsigned kHurriesMax = 5;
constexpr base::Duration kHurryAgain = std::chrono::seconds{10};

}  // namespace

bool Suspicion::answered(std::size_t usual) {
  if (!suspects() || witness_ != 0) return false;
  const bool innocent = closes_ > 0;
  forget();
  window_ = window_ * 2 >= usual ? 0 : window_ * 2;
  return innocent;
}

bool Suspicion::closed(const Close& close) {
  const bool first = !suspects();
  lastClose_ = close.now;
  foul_ = close.foul;
  window_ = 1;
  if (isWitness(close.alone)) {
    // It ends like the accused, so neither may be guilty. The next one to go is the accused again.
    witness_ = 0;
    wantsWitness_ = false;
    --closes_;
    return false;
  }
  if (first || close.alone == 0 || close.after > kSoon) {
    forget();
    return mayHurry(close.now);
  }
  if (accused_ != close.alone) {
    forget();
    accused_ = close.alone;
    since_ = close.others;
  }
  ++closes_;
  // What others have done before that tells nothing: a quota may have ended.
  if (close.foul) since_ = close.others;
  if (closes_ < kCloses) return mayHurry(close.now);
  const bool othersGoOn = close.others.acknowledged != since_.acknowledged;
  const bool othersAreCut = close.others.cut != since_.cut;
  const bool doubt = othersAreCut || close.byChance;
  const bool often = closes_ >= (doubt ? kClosesInDoubt : close.foul ? kClosesWhenFoul : kCloses);
  guilty_ = often && othersGoOn;
  wantsWitness_ = often && !othersGoOn;
  return (guilty_ || wantsWitness_) && mayHurry(close.now);
}

void Suspicion::settled() {
  forget();
  window_ = 0;
  hurrySince_ = {};
}

void Suspicion::forget() {
  accused_ = witness_ = 0;
  closes_ = 0;
  guilty_ = wantsWitness_ = false;
}

bool Suspicion::mayHurry(base::MonoTime now) {
  if (now - hurrySince_ > kHurryAgain) {
    hurrySince_ = now;
    hurries_ = 0;
  }
  return hurries_++ < kHurriesMax;
}

}  // namespace spheregate::relay
