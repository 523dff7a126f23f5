#include "spheregate/upstream/weather.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include "spheregate/base/log.hpp"

namespace spheregate::upstream {
namespace {

// Attempts under way at a time: what two seconds let begin, which is enough for a slow line.
constexpr double kTryingSeconds = 2;
constexpr std::size_t kTryingMin = 8;
// So many failures in a row, though others are up, are no longer a matter of single links.
constexpr unsigned kUnreachableMax = 10;
constexpr unsigned kBusyMax = 5;
constexpr unsigned kBusyProbesMax = 2;
constexpr unsigned kRefusedMax = 10;
// So many devices whose connections end with messages under way, within so long, while few messages are acknowledged.
constexpr std::size_t kCutDevices = 4;
constexpr std::size_t kCutsKept = 16;
constexpr base::Duration kCutsWithin = std::chrono::seconds{10};
constexpr std::uint64_t kAcknowledgedForACut = 4;
// Of a few devices nobody can tell a throttle from troubles of their own: it is said, and each waits by itself.
constexpr unsigned kCutsInARowMax = 6;
// What comes again within this time is the same trouble, so the intervals go on growing.
constexpr base::Duration kCalm = std::chrono::seconds{60};
// A hub that cannot be reached may be back at any moment, and asking costs little. A quota lasts until midnight.
constexpr base::Duration kUnreachableIntervalMax = std::chrono::seconds{4};
constexpr int kQuotaBackoffs = 5;
constexpr base::Duration kProbePatience = std::chrono::seconds{2};
constexpr std::uint64_t kMuch = 20;
constexpr unsigned kProbesInARow = 6;
constexpr unsigned kDoublingsMax = 16;

constexpr const char* kNames[kConditions]{"fair", "unreachable", "throttled", "refused"};

const char* fix(Condition condition) {
  switch (condition) {
    case Condition::fair:
      return "nothing to do";
    case Condition::unreachable:
      return "look at the line, the firewall, and the name in upstream.hub; messages wait in the store";
    case Condition::throttled:
      return "set upstream.tier and upstream.units; if they are set, the hub needs more units, or its quota is used up until "
             "0:00 UTC";
    case Condition::refused:
      return "check upstream.auth and the clock, and that the devices exist in the hub and are enabled";
  }
  return "";
}

}  // namespace

const char* label(Condition condition) { return kNames[static_cast<std::size_t>(condition)]; }

Weather::Weather(base::Timers& timers, Pacer& connects, const Settings& settings, std::mt19937_64& random,
                 metrics::Registry& registry)
    : timers_{timers},
      connects_{connects},
      settings_{settings},
      random_{random},
      tryingMax_{std::max(kTryingMin, static_cast<std::size_t>(kTryingSeconds * allowance(settings).connects))},
      pause_{timers},
      patience_{timers},
      opened_{timers.now() - kCalm} {
  for (std::size_t state = 0; state < kConditions; ++state) {
    gauges_[state] =
        &registry.gauge("upstream_condition", "1 for the condition in which the hub is found.", {{"state", kNames[state]}});
  }
  gauges_[0]->set(1);
}

void Weather::ask(Traveller& link) {
  move(link, Stage::inLine);
  advance();
}

void Weather::hurry(Traveller& link) {
  if (!closesOnMessages_ || hurried_ || &link != lastProbe_ || link.stage_ != Stage::inLine || !pause_.armed()) return;
  hurried_ = true;
  pause_.cancel();
  probe_ = &link;
  begin(link);
}

void Weather::failed(Traveller& link, Trouble trouble, std::string_view reason) {
  const bool wasProbe = probe_ == &link;
  move(link, Stage::away);
  const bool nothingUp = list(Stage::up).empty();
  if (trouble == Trouble::unreachable) {
    ++unreachableInARow_;
    if (probing_ ? wasProbe : nothingUp || unreachableInARow_ >= kUnreachableMax) probeFailed(Condition::unreachable, reason);
  } else if (trouble == Trouble::busy) {
    if (lastBusy_ != &link) ++busyInARow_;
    lastBusy_ = &link;
    // One that stands in line again at once must not be the next to try, and a lone one would be.
    if (probing_ ? wasProbe && (foul() || busyInARow_ >= kBusyProbesMax) : busyInARow_ >= kBusyMax) probeFailed(Condition::throttled, reason);
  } else if (trouble == Trouble::refused) {
    unreachableInARow_ = 0;
    if (nothingUp && ++refusedInARow_ >= kRefusedMax) announce(Condition::refused, reason);
    // The hub is there and answers; others may have more luck.
    if (wasProbe && !closesOnMessages_) open();
  }
  // Whether the hub takes messages is not to be learned from one that does not get so far.
  if (wasProbe && closesOnMessages_ && (trouble == Trouble::refused || trouble == Trouble::own)) return passOn();
  advance();
}

void Weather::arrived(Traveller& link) {
  move(link, Stage::up);
  unreachableInARow_ = busyInARow_ = refusedInARow_ = 0;
  lastBusy_ = nullptr;
  if (probing_ && !closesOnMessages_) open();
  if (!probing_ && announced_ == Condition::refused) announce(Condition::fair, {});
  advance();
}

// A message may still have to come from the disk.
void Weather::idle(Traveller& link) {
  if (!closesOnMessages_ || probe_ != &link) return;
  if (!link.loaded() && !probeWasHeld_) return passOn();
  patience_.after(kProbePatience, [this, &link] {
    if (closesOnMessages_ && probe_ == &link && link.stage_ == Stage::up && !link.publishing()) passOn();
  });
}

// A probe without messages cannot show what is to be known. When nobody in line has some either, there is nothing to find out.
void Weather::passOn() {
  probe_ = nullptr;
  const auto& line = list(Stage::inLine);
  if (std::none_of(line.begin(), line.end(), [](const Traveller* other) { return other->loaded(); })) open();
  advance();
}

void Weather::acknowledged(const Traveller& link) {
  ++acknowledged_;
  cutsInARow_ = 0;
  if (!closesOnMessages_) {
    if (announced_ == Condition::throttled && !probing_) announce(Condition::fair, {});
    return;
  }
  // Those of others may be older than the trouble.
  if (probe_ != &link) return;
  open();
  advance();
}

void Weather::lost(Traveller& link, bool cut, std::string_view reason) {
  const bool wasProbe = probe_ == &link;
  move(link, Stage::away);
  if (cut) ++cutsInARow_;
  const bool tooMany = cut && tooManyCuts(link);
  if (wasProbe) {
    probeFailed(Condition::throttled, reason);
  } else if (tooMany && !probing_) {
    // The first time it may be the line that was cut, which one attempt will show.
    if (cause_ == Condition::throttled && timers_.now() - opened_ < kCalm) {
      closesOnMessages_ = true;
      probeFailed(Condition::throttled, reason);
    } else {
      probeFromNowOn(Condition::throttled);
      closesOnMessages_ = true;
    }
  } else if (list(Stage::up).empty() && !probing_) {
    probeFromNowOn(Condition::fair);
  }
  if (cutsInARow_ >= kCutsInARowMax && announced_ == Condition::fair) announce(Condition::throttled, reason);
  advance();
}

void Weather::leave(Traveller& link) {
  if (lastProbe_ == &link) lastProbe_ = nullptr;
  if (link.stage_ == Stage::away) return;
  move(link, Stage::away);
  if (closesOnMessages_ && list(Stage::inLine).empty() && list(Stage::trying).empty() && !probe_) open();
  if (list(Stage::up).empty() && !probing_) probeFromNowOn(Condition::fair);
  advance();
}

void Weather::move(Traveller& link, Stage stage) {
  if (link.ticket_ != 0) connects_.leave(link.ticket_);
  link.ticket_ = 0;
  if (link.stage_ == Stage::away && stage != Stage::away) {
    link.place_ = list(stage).insert(list(stage).end(), &link);
  } else if (link.stage_ != Stage::away && stage == Stage::away) {
    list(link.stage_).erase(link.place_);
  } else if (stage != Stage::away) {
    list(stage).splice(list(stage).end(), list(link.stage_), link.place_);
  }
  link.stage_ = stage;
  if (stage == Stage::trying || stage == Stage::up) return;
  if (probe_ == &link) {
    probe_ = nullptr;
    patience_.cancel();
  }
  if (heldBack_ == &link) heldBack_ = nullptr;
}

void Weather::advance() {
  if (!probing_) {
    while (!list(Stage::inLine).empty() && list(Stage::trying).size() < tryingMax_) begin(*list(Stage::inLine).front());
  } else if (!probe_ && !pause_.armed()) {
    probe_ = nextProbe();
    probesInARow_ = probe_ && probe_ == lastProbe_ ? probesInARow_ + 1 : 1;
    lastProbe_ = probe_;
    hurried_ = false;
    probeWasHeld_ = probe_ && probe_->stage_ == Stage::up;
    if (probeWasHeld_) return tellOfRoom(*probe_);
    if (probe_) begin(*probe_);
  }
}

void Weather::begin(Traveller& link) {
  move(link, Stage::trying);
  link.ticket_ = connects_.queue([this, &link] {
    link.ticket_ = 0;
    if (!probing_ || probe_ == &link) return link.attempt();
    // Others have found out meanwhile that it is no use.
    move(link, Stage::inLine);
    advance();
  });
}

Weather::Traveller* Weather::nextProbe() {
  const auto& line = list(Stage::inLine);
  // Those who were cut may have messages that the hub never takes, so every other time it is one who was not.
  const Traveller* const held = std::exchange(heldBack_, nullptr);
  if (closesOnMessages_ && held && (failedProbes_ % 2 == 1 || line.empty())) return *held->place_;
  if (line.empty()) return nullptr;
  if (!closesOnMessages_) return line.front();
  // The same one for some times, so that it can find out whether it is its message.
  if (lastProbe_ && lastProbe_->stage_ == Stage::inLine && lastProbe_->loaded() && probesInARow_ < kProbesInARow)
    return lastProbe_;
  const auto loaded = std::find_if(line.begin(), line.end(), [](const Traveller* link) { return link->loaded(); });
  return loaded == line.end() ? line.front() : *loaded;
}

void Weather::probeFailed(Condition cause, std::string_view reason) {
  const bool again = cause_ == cause && (probing_ || timers_.now() - opened_ < kCalm);
  // A hub that took much before it closed again is asked sooner than one that took nothing.
  const bool tookMuch = !probing_ && acknowledged_ - acknowledgedWhenOpened_ >= kMuch;
  const unsigned before = again ? failedProbes_ / (tookMuch ? 2 : 1) : 0;
  probeFromNowOn(cause);
  // One in a hurry is part of the one before.
  failedProbes_ = hurried_ ? std::max(1u, before) : before + 1;
  pause_.after(interval(), [this] { advance(); });
  announce(cause, reason);
}

void Weather::probeFromNowOn(Condition cause) {
  probing_ = true;
  cause_ = cause;
  failedProbes_ = 0;
  probe_ = nullptr;
}

void Weather::open() {
  const bool held = closesOnMessages_;
  probing_ = closesOnMessages_ = false;
  probe_ = nullptr;
  pause_.cancel();
  opened_ = timers_.now();
  acknowledgedWhenOpened_ = acknowledged_;
  cuts_.clear();
  const bool doubtful = announced_ == Condition::throttled && cutsInARow_ >= kCutsInARowMax;
  if (announced_ != Condition::refused && !doubtful) announce(Condition::fair, {});
  if (!held) return;
  // Not all at the same moment.
  for (Traveller* link : list(Stage::up)) tellOfRoom(*link);
}

void Weather::tellOfRoom(Traveller& link) {
  if (link.ticket_ != 0) return;
  link.ticket_ = connects_.queue([&link] {
    link.ticket_ = 0;
    link.roomAgain();
  });
}

bool Weather::tooManyCuts(const Traveller& link) {
  const base::MonoTime now = timers_.now();
  cuts_.push_back({.when = now, .link = &link, .acknowledged = acknowledged_});
  while (cuts_.size() > kCutsKept || now - cuts_.front().when > kCutsWithin) cuts_.pop_front();
  std::set<const Traveller*> links;
  for (const Cut& cut : cuts_) links.insert(cut.link);
  return links.size() >= kCutDevices && acknowledged_ - cuts_.front().acknowledged < cuts_.size() * kAcknowledgedForACut;
}

base::Duration Weather::interval() {
  const base::Duration longest = cause_ == Condition::unreachable
                                     ? std::min<base::Duration>(kUnreachableIntervalMax, settings_.backoffMax)
                                 : closesOnMessages_ ? settings_.backoffMax * kQuotaBackoffs
                                                     : base::Duration{settings_.backoffMax};
  const base::Duration whole =
      std::min<base::Duration>(longest, settings_.backoffMin * (1u << std::min(failedProbes_ - 1, kDoublingsMax)));
  const double part = std::uniform_real_distribution<double>{0.5, 1}(random_);
  return base::Duration{static_cast<base::Duration::rep>(static_cast<double>(whole.count()) * part)};
}

void Weather::announce(Condition now, std::string_view reason) {
  if (now == announced_) return;
  gauges_[static_cast<std::size_t>(announced_)]->set(0);
  gauges_[static_cast<std::size_t>(now)]->set(1);
  if (now == Condition::fair) {
    base::logInfo("hub condition", {{"state", label(now)}, {"was", label(announced_)}, {"waiting", list(Stage::inLine).size()}});
  } else {
    base::logWarn("hub condition", {{"state", label(now)},
                                    {"was", label(announced_)},
                                    {"reason", reason},
                                    {"waiting", list(Stage::inLine).size()},
                                    {"fix", fix(now)}});
  }
  announced_ = now;
}

}  // namespace spheregate::upstream
