#include "lobby.hpp"

#include <utility>

namespace spheregate::tls {

Seat::Seat(std::shared_ptr<Lobby> lobby, std::string source, std::uint64_t number, base::MonoTime arrived)
    : lobby_{std::move(lobby)}, source_{std::move(source)}, number_{number}, arrived_{arrived} {}

Seat::~Seat() { lobby_->left(*this); }

void Seat::certified() {
  if (standing_ != Standing::stranger) return;
  lobby_->strangers_.remove(*this);
  lobby_->certified_.add(*this, false);
  lobby_->letBe(*this);
  standing_ = Standing::certified;
}

void Seat::admitted() {
  if (standing_ != Standing::certified) return;
  lobby_->certified_.remove(*this);
  lobby_->letBe(*this);
  standing_ = Standing::admitted;
  ifCrowded_ = {};
  lobby_->wentIn(*this);
}

Lobby::Lobby(const Limits& limits, const base::Clock& clock, metrics::Registry& metrics)
    : limits_{limits},
      clock_{clock},
      sentAway_{metrics.counter("unauthenticated_dropped_total",
                                "Connections that were closed before their CONNECT was accepted, to make room for others.")} {}

Lobby::Room Lobby::room() {
  if (!full()) return Room::free;
  if (allIn()) return Room::none;
  next_ = whoShouldGo();
  return next_ != nullptr ? Room::free : Room::later;
}

std::shared_ptr<Seat> Lobby::enter(std::string source) {
  Seat* gone = std::exchange(next_, nullptr);
  if (full()) {
    if (gone == nullptr) gone = whoShouldGo();
    if (gone == nullptr) return nullptr;
    (gone->standing_ == Seat::Standing::stranger ? strangers_ : certified_).remove(*gone);
    gone->standing_ = Seat::Standing::sentAway;
    sentAway_.add();
    const Seat::IfCrowded what = std::exchange(gone->ifCrowded_, {});
    if (what.leave) what.leave();
  }
  const bool known = gotIn_.find(source) != nullptr;
  auto seat = std::make_shared<Seat>(shared_from_this(), std::move(source), nextNumber_++, clock_.now());
  strangers_.add(*seat, known);
  ++taken_;
  return seat;
}

// Whoever has shown a good certificate goes last. A peer whose bytes we have not read yet waits for us, as all do when a whole
// fleet comes back at once; the oldest would be those who are served next.
Seat* Lobby::whoShouldGo() const {
  const base::MonoTime now = clock_.now();
  const auto mayGo = [now](const Seat& seat) {
    if (!seat.ifCrowded_.mayGo) return Crowd::Answer::go;
    const base::Duration age = now - seat.arrived_;
    if (age < kSilentGrace) return Crowd::Answer::tooYoung;
    return seat.ifCrowded_.mayGo(age) ? Crowd::Answer::go : Crowd::Answer::stay;
  };
  Seat* gone = strangers_.choose(mayGo, kCrowdLooksMax);
  return gone != nullptr ? gone : certified_.choose(mayGo, kCrowdLooksMax);
}

// Somebody of theirs is in, or was a moment ago: many devices may share that address, and the good ones are not to suffer.
bool Lobby::mustWait(const std::string& source) {
  const base::MonoTime now = clock_.now();
  if (!limits_.pauses || !knocks_.mustWait(source, now) || inside_.contains(source)) return false;
  const base::MonoTime* last = gotIn_.find(source);
  return last == nullptr || now - *last >= kGoodNameLasts;
}

void Lobby::refused(std::string_view source) {
  if (limits_.pauses) knocks_.refused(source, clock_.now());
}

void Lobby::wentIn(Seat& seat) {
  knocks_.gotIn(seat.source());
  gotIn_.touch(seat.source()) = clock_.now();
  ++inside_[seat.source()];
}

void Lobby::left(Seat& seat) {
  --taken_;
  letBe(seat);
  switch (seat.standing_) {
    case Seat::Standing::stranger: strangers_.remove(seat); break;
    case Seat::Standing::certified:
      // It never said CONNECT, or was refused then.
      certified_.remove(seat);
      refused(seat.source());
      break;
    case Seat::Standing::admitted: {
      const auto entry = inside_.find(seat.source());
      gotIn_.touch(seat.source()) = clock_.now();
      if (--entry->second == 0) inside_.erase(entry);
      break;
    }
    case Seat::Standing::sentAway: break;
  }
}

}  // namespace spheregate::tls
