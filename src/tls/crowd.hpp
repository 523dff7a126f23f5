#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>

namespace spheregate::tls {

class Seat;

// Who waits at the door, by source. When there is no room, the one goes who has waited longest among those of the source that has
// most: one that floods pays for itself, whatever it does. Sources from which devices have got in before weigh an eighth.
class Crowd {
 public:
  void add(Seat& seat, bool knownSource);
  void remove(Seat& seat);
  std::size_t size() const { return size_; }

  // Offers who should go, the first choice first, until one is taken or so many have been looked at. `mayGo` says `tooYoung` when
  // those behind in the same line are younger still.
  enum class Answer : std::uint8_t { go, stay, tooYoung };
  Seat* choose(const std::function<Answer(const Seat&)>& mayGo, std::size_t looksMax) const;

 private:
  struct Line {
    std::string source;
    bool known = false;
    std::map<std::uint64_t, Seat*> waiting;  // by number, so in the order of arrival
    std::size_t weight() const { return known ? waiting.size() / 8 : waiting.size(); }
  };
  struct GoesFirst {
    bool operator()(const Line* one, const Line* other) const;
  };

  std::unordered_map<std::string_view, std::unique_ptr<Line>> lines_;  // views into the lines
  std::set<Line*, GoesFirst> ranks_;
  std::size_t size_ = 0;
};

}  // namespace spheregate::tls
