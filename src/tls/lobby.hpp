#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "crowd.hpp"
#include "knocks.hpp"
#include "recent.hpp"
#include "spheregate/base/clock.hpp"
#include "spheregate/metrics/registry.hpp"

namespace spheregate::tls {

class Lobby;

// The place of one connection of a device, from the accept to the close of its socket: first a stranger's, then one whose
// certificate is good, then one that is in (its CONNECT was accepted). Only the first two may have to go to make room.
class Seat {
 public:
  struct IfCrowded {
    // Whether it may have to go, so long after it arrived; not while the peer waits for us. Null: it may go at once.
    std::function<bool(base::Duration age)> mayGo;
    std::function<void()> leave;  // may destroy the seat
  };

  Seat(std::shared_ptr<Lobby> lobby, std::string source, std::uint64_t number, base::MonoTime arrived);
  ~Seat();
  Seat(const Seat&) = delete;
  Seat& operator=(const Seat&) = delete;

  // Replaces what was said before. What it holds lives until it is replaced, or the device is in.
  void ifCrowded(IfCrowded what) { ifCrowded_ = std::move(what); }
  void certified();
  void admitted();

  const std::string& source() const { return source_; }
  std::uint64_t number() const { return number_; }

 private:
  friend class Lobby;
  enum class Standing : std::uint8_t { stranger, certified, admitted, sentAway };

  std::shared_ptr<Lobby> lobby_;
  std::string source_;
  std::uint64_t number_;
  base::MonoTime arrived_;
  IfCrowded ifCrowded_;
  Standing standing_ = Standing::stranger;
};

// Counts who is at the door and who is in, keeps both within their limits, and remembers by source who got in and who did not.
// Lives as long as the last connection. Core thread only.
class Lobby : public std::enable_shared_from_this<Lobby> {
 public:
  struct Limits {
    std::size_t connectionsMax;
    std::size_t unauthenticatedMax;
    bool pauses;  // for sources from which nobody gets in
  };
  Lobby(const Limits& limits, const base::Clock& clock, metrics::Registry& metrics);

  enum class Room : std::uint8_t {
    free,   // as it is, or when somebody goes
    later,  // when those who are at the door have had their time; whoever comes is to wait in the system's queue
    none,   // everybody is in
  };
  Room room();
  bool allIn() const { return full() && unauthenticated() == 0; }
  // Sends somebody away if need be; null when nobody can go now.
  std::shared_ptr<Seat> enter(std::string source);

  // Whether whoever comes from there is to be left standing, and whether that is worth a line.
  bool mustWait(const std::string& source);
  Knocks& knocks() { return knocks_; }
  // A handshake that came to nothing by the peer's doing.
  void refused(std::string_view source);

  bool full() const { return taken_ >= limits_.connectionsMax || unauthenticated() >= limits_.unauthenticatedMax; }
  std::size_t unauthenticated() const { return strangers_.size() + certified_.size(); }

 private:
  friend class Seat;
  Seat* whoShouldGo() const;
  void letBe(const Seat& seat) {
    if (next_ == &seat) next_ = nullptr;
  }
  void wentIn(Seat& seat);
  void left(Seat& seat);

  Limits limits_;
  const base::Clock& clock_;
  metrics::Counter& sentAway_;
  Crowd strangers_;
  Crowd certified_;
  Knocks knocks_;
  Recent<base::MonoTime> gotIn_{kKnownSourcesMax};          // sources, and when the last device of theirs got in
  std::unordered_map<std::string, std::size_t> inside_;     // sources of those who are in
  std::size_t taken_ = 0;
  Seat* next_ = nullptr;  // who goes for whoever enters, when `room` has just looked
  std::uint64_t nextNumber_ = 1;
};

}  // namespace spheregate::tls
