#include "crowd.hpp"

#include "lobby.hpp"
#include "spheregate/base/check.hpp"

namespace spheregate::tls {

bool Crowd::GoesFirst::operator()(const Line* one, const Line* other) const {
  if (one->weight() != other->weight()) return one->weight() > other->weight();
  return one->waiting.begin()->first < other->waiting.begin()->first;
}

// A line's rank follows from who is in it, so it is out of the ranks while it changes.
void Crowd::add(Seat& seat, bool knownSource) {
  auto place = lines_.find(seat.source());
  if (place == lines_.end()) {
    auto line = std::make_unique<Line>();
    line->source = seat.source();
    line->known = knownSource;
    const std::string_view name = line->source;
    place = lines_.emplace(name, std::move(line)).first;
  } else {
    ranks_.erase(place->second.get());
  }
  place->second->waiting.emplace(seat.number(), &seat);
  ranks_.insert(place->second.get());
  ++size_;
}

void Crowd::remove(Seat& seat) {
  const auto place = lines_.find(seat.source());
  SPHEREGATE_CHECK(place != lines_.end());
  Line& line = *place->second;
  ranks_.erase(&line);
  SPHEREGATE_CHECK(line.waiting.erase(seat.number()) == 1);
  --size_;
  if (line.waiting.empty()) {
    lines_.erase(place);
  } else {
    ranks_.insert(&line);
  }
}

Seat* Crowd::choose(const std::function<Answer(const Seat&)>& mayGo, std::size_t looksMax) const {
  for (const Line* line : ranks_) {
    for (const auto& [number, seat] : line->waiting) {
      if (looksMax-- == 0) return nullptr;
      const Answer answer = mayGo(*seat);
      if (answer == Answer::go) return seat;
      if (answer == Answer::tooYoung) break;
    }
  }
  return nullptr;
}

}  // namespace spheregate::tls
