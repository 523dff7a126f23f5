#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "line.hpp"
#include "spheregate/hub/topics.hpp"
#include "spheregate/relay/stored_message.hpp"
#include "twin_reads.hpp"

namespace spheregate::relay {

// One device's patches of reported properties between custody and the hub. The hub's answer is to a patch what a PUBACK is to
// telemetry. While the hub is away the gateway answers in its place: when the patch is on stable storage, and the cached twin has it.
class ReportedPatches {
 public:
  ReportedPatches(Line& line, TwinReads& reads) : line_{line}, reads_{reads}, clock_{line.timers} {}

  // Tells patches of one device apart, also from those of an earlier life of the process.
  std::uint64_t newMark();
  // Custody took it with this number; `rid` is what the device waits for, if anything.
  void taken(queue::Sequence sequence, std::uint64_t mark, std::string_view rid, base::ByteView patch);
  // Sends a patch that custody has offered; false when the hub does not take what it gets.
  bool offer(queue::Sequence sequence, const StoredMessage& patch);
  void absent();
  // So many wait for the cached twin that the device has to; `DeviceSide::roomAgain` tells.
  bool full();
  // With the hub, unanswered.
  std::size_t underWay() const;

  void linkDown();
  void safe(queue::Sequence through);
  // False when the answer is to none of these.
  bool answered(const hub::HubTopic& topic, const mqtt::Publish& message);

 private:
  enum class Copy : std::uint8_t { none, asked, there };
  struct Patch {
    std::uint64_t mark = 0;
    base::Bytes payload;         // until the cached twin has it; again when it is with the hub
    std::string query{};         // of its topic, while it is with the hub
    std::string rid;             // empty: nobody waits
    bool awaited = false;
    bool sent = false;           // with the hub, unanswered
    base::MonoTime since{};      // taken, then sent
    Copy copy = Copy::none;      // in the cached twin
  };
  using Patches = std::map<queue::Sequence, Patch>;

  void forgetBefore(queue::Sequence sequence);
  void settle(Patches::iterator patch, const hub::HubTopic& topic, const mqtt::Publish& message);
  void refusedByHub(queue::Sequence sequence, const Patch& patch, int status, bool told);
  void keepCopies();
  void copied(queue::Sequence sequence, std::uint64_t mark);
  void answerStored();
  bool tell(Patch& patch, int status, std::string_view query, base::ByteView body, std::uint8_t qos);
  void watch();

  Line& line_;
  TwinReads& reads_;
  Patches patches_;  // that somebody waits for, or the hub has
  queue::Sequence safe_ = 0;
  std::uint64_t visit_ = 0;  // counts the device's connections, so that an answer does not reach a later one
  std::uint64_t lastMark_ = 0;
  std::size_t copying_ = 0;  // on their way to the cached twin, in memory meanwhile
  bool heldUp_ = false;      // the device waits
  base::Timer clock_;
};

}  // namespace spheregate::relay
