#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "line.hpp"
#include "spheregate/hub/topics.hpp"

namespace spheregate::relay {

// One device's twin as it is read, and the changes of its desired properties. Reads go to the hub; while it is away they are answered
// from the cache, and never with an error, which the C SDK would hand to the application as the twin. A read that cannot be answered
// waits. After an outage the gateway reads the twin itself and tells the device what changed, no more and no less.
class TwinReads {
 public:
  explicit TwinReads(Line& line) : line_{line}, clock_{line.timers} {}
  ~TwinReads();
  TwinReads(const TwinReads&) = delete;
  TwinReads& operator=(const TwinReads&) = delete;

  // The device's side.
  void request(std::string_view topic, std::string_view rid, base::ByteView payload);
  void present() { present_ = true; }
  void absent();
  // Whether it hears of changes of desired properties.
  void listens(bool does);

  // The hub's side. After `linkRoom` what waited may be sent.
  void linkRoom();
  void linkDown();
  // False when the answer is to none of these reads.
  bool answered(const hub::HubTopic& topic, const mqtt::Publish& message);
  void desired(const hub::HubTopic& topic, const mqtt::Publish& message);

  // The gateway answers a patch in the hub's place; what the hub says of the twin is not the whole truth until it has it.
  void patchKept() { ++kept_; }
  // The hub has all that were answered in its place.
  void patchesThrough();

 private:
  struct Request {
    std::string rid;
    std::string topic;
    base::Bytes payload;
    bool sent = false;
    enum class Cache : std::uint8_t { unasked, wanted, reading, nothing } cache = Cache::unasked;
    bool quiet = false;          // when it was sent
    std::uint64_t kept = 0;      // patches kept then
    base::MonoTime due{};        // when the hub has had its time
    base::MonoTime again{};      // when it is sent again
    base::MonoTime notBefore{};  // a hub that was busy is left alone until then
  };
  struct OwnRead {
    std::string rid;
    base::MonoTime due{};
    std::uint64_t kept = 0;
    bool quiet = false;
  };

  struct Owed {
    std::string patch;
    std::uint64_t version = 0;
    std::uint8_t qos = 0;
  };

  void askCache(Request& request);
  void readCache();
  void cacheRead(const std::optional<std::string>& body, std::uint64_t visit);
  void answerFromHub(const Request& request, const mqtt::Publish& message);
  struct Answer {
    std::string topic;
    std::string body;
    std::uint8_t qos = 0;  // as the hub chose
  };
  void deliver(const Answer& answer, std::uint64_t visit);
  void readIfNeeded();
  void ownAnswer(int status, const mqtt::Publish& message);
  void learned(const TwinCache::Learned& twin, bool wanted);
  void lookAhead(const TwinCache::Learned& twin);
  void tell(std::string_view patch, std::uint64_t version, std::uint8_t qos);
  void tellOwed();
  bool mayRead();
  bool quiet() const;
  void watch();
  void tick();

  Line& line_;
  std::vector<Request> requests_;  // unanswered, oldest first
  std::uint64_t numbers_ = 0;
  bool readingCache_ = false;
  std::uint64_t visit_ = 0;        // counts the device's connections, so that an answer does not reach a later one
  bool present_ = false;
  bool listening_ = false;
  std::optional<std::uint64_t> told_;  // the desired version that the device has, as far as is known
  bool missed_ = false;            // it may have missed changes
  bool settling_ = false;          // the hub has all patches that were answered in its place
  std::uint64_t ahead_ = 0;        // the version of a change that left a gap, until a twin is read that has it
  bool overtaken_ = false;         // the hub showed a lower version than it did before
  std::optional<OwnRead> own_;
  base::MonoTime ownPause_{};      // no own read before
  std::uint64_t kept_ = 0;
  std::size_t owedBytes_ = 0;
  std::deque<Owed> owed_;          // changes that the device's connection did not take yet
  upstream::Pacer::Ticket ticket_ = 0;
  bool turn_ = false;              // may send one read
  base::Timer clock_;
};

}  // namespace spheregate::relay
