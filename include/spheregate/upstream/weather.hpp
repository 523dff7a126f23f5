#pragma once

#include <cstdint>
#include <deque>
#include <list>
#include <random>
#include <string_view>

#include "spheregate/base/timers.hpp"
#include "spheregate/metrics/registry.hpp"
#include "spheregate/upstream/pacer.hpp"
#include "spheregate/upstream/settings.hpp"

namespace spheregate::upstream {

// What stands against the gateway as a whole at the hub.
enum class Condition : std::uint8_t {
  fair,         // nothing that is known
  unreachable,  // no connection can be made
  throttled,    // it answers connections with CONNACK 3, or messages by closing: too many a second, or more than its quota of the
                // day
  refused,      // it lets no device in
};
inline constexpr std::size_t kConditions = 4;
const char* label(Condition condition);

// Why an attempt of a link came to nothing.
enum class Trouble : std::uint8_t {
  unreachable,  // no answer, or none that is MQTT
  busy,         // CONNACK 3
  refused,      // another CONNACK: the hub is well, and this device is not welcome
  own,          // it never came to ask the hub
};

// The condition of the hub, seen by all links together, and their way through it. Over MQTT the hub gives no reasons: it only
// closes. When what happens to several links can no longer be a matter of each of them, one of them tries, at growing intervals
// with jitter, until it gets through: to CONNACK, or, when the hub closed on messages, to the PUBACK of one. The others wait in
// line, and then follow at the pace of the connect budget. So it is, too, while nothing is connected. Core thread only.
class Weather {
 public:
  // A link, as the weather sees it. It must `leave` before it dies.
  class Traveller {
   public:
    virtual ~Traveller() = default;
    // Its turn to connect, after `ask`. Ends in `failed` or `arrived`, or in `leave`.
    virtual void attempt() = 0;
    // It may publish again.
    virtual void roomAgain() = 0;
    // Its last connection ended with messages under way.
    virtual bool loaded() const = 0;
    // It has messages under way.
    virtual bool publishing() const = 0;

   private:
    friend class Weather;
    enum class Stage : std::uint8_t { away, inLine, trying, up };
    Stage stage_ = Stage::away;
    std::list<Traveller*>::iterator place_;
    Pacer::Ticket ticket_ = 0;
  };

  // `settings` gives hub and back-off.
  Weather(base::Timers& timers, Pacer& connects, const Settings& settings, std::mt19937_64& random, metrics::Registry& registry);

  // Stands in line for an attempt; `attempt` never runs inside.
  void ask(Traveller& link);
  // Who just tried in vain whether the hub takes messages may try once more before the pause; for it may be this message.
  void hurry(Traveller& link);
  void failed(Traveller& link, Trouble trouble, std::string_view reason);
  // The hub accepted the CONNECT.
  void arrived(Traveller& link);
  // It is up and has nothing under way.
  void idle(Traveller& link);
  void acknowledged(const Traveller& link);
  // A connection that was up is gone. `cut`: by the hub, or for its silence, while messages were under way.
  void lost(Traveller& link, bool cut, std::string_view reason);
  // No longer wanted, or on its own for now.
  void leave(Traveller& link);

  Condition condition() const { return announced_; }
  // Something is known against the hub: who fails stands in line again, rather than to wait on its own.
  bool foul() const { return probing_ && (closesOnMessages_ || failedProbes_ > 0); }
  // Whether this link, with so many messages under way, may publish one more.
  bool mayPublish(const Traveller& link, std::size_t underWay) const {
    if (!closesOnMessages_ || (probe_ == &link && underWay == 0)) return true;
    if (probe_ != &link) heldBack_ = &link;
    return false;
  }

 private:
  using Stage = Traveller::Stage;
  struct Cut {
    base::MonoTime when;
    const Traveller* link;       // only to be compared
    std::uint64_t acknowledged;  // of all links, until then
  };

  std::list<Traveller*>& list(Stage stage) { return lists_[static_cast<std::size_t>(stage)]; }
  void move(Traveller& link, Stage stage);
  void advance();
  void begin(Traveller& link);
  void tellOfRoom(Traveller& link);
  Traveller* nextProbe();
  void passOn();
  void probeFailed(Condition cause, std::string_view reason);
  void probeFromNowOn(Condition cause);
  void open();
  bool tooManyCuts(const Traveller& link);
  base::Duration interval();
  void announce(Condition now, std::string_view reason);

  base::Timers& timers_;
  Pacer& connects_;
  const Settings& settings_;
  std::mt19937_64& random_;
  std::list<Traveller*> lists_[4];  // by stage
  std::size_t tryingMax_;

  bool probing_ = true;  // nothing is connected yet
  bool closesOnMessages_ = false;
  Condition cause_ = Condition::fair;
  unsigned failedProbes_ = 0;
  Traveller* probe_ = nullptr;
  Traveller* lastProbe_ = nullptr;
  unsigned probesInARow_ = 0;  // of that one
  bool hurried_ = false;
  bool probeWasHeld_ = false;                    // it is up all the while
  mutable const Traveller* heldBack_ = nullptr;  // the last one that is up and was not to publish
  base::Timer pause_;                            // between two probes
  base::Timer patience_;                         // with a probe that does not publish what it has
  base::MonoTime opened_;                        // the last time that probing ended well

  unsigned unreachableInARow_ = 0;
  unsigned busyInARow_ = 0;  // of different links
  const Traveller* lastBusy_ = nullptr;
  unsigned refusedInARow_ = 0;
  unsigned cutsInARow_ = 0;
  std::deque<Cut> cuts_;
  std::uint64_t acknowledged_ = 0;
  std::uint64_t acknowledgedWhenOpened_ = 0;
  Condition announced_ = Condition::fair;
  metrics::Gauge* gauges_[kConditions];
};

}  // namespace spheregate::upstream
