#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "line.hpp"
#include "reported_patches.hpp"
#include "spheregate/mqtt/packets.hpp"
#include "twin_reads.hpp"

namespace spheregate::relay {

// What one device and the hub say to each other besides telemetry: cloud-to-device messages, direct methods, the twin. Nothing here
// outlives the process except patches of reported properties, which go through custody in order with telemetry.
class Downlink {
 public:
  explicit Downlink(Line line) : line_{std::move(line)} {}
  Downlink(const Downlink&) = delete;
  Downlink& operator=(const Downlink&) = delete;

  // The hub's side.
  void linkRoom() { reads_.linkRoom(); }
  void linkDown();
  std::size_t patchesUnderWay() const { return patches_.underWay(); }
  void message(const mqtt::Publish& message);
  // Sends a patch that custody has offered; false when the hub does not take what it gets.
  bool offerPatch(queue::Sequence sequence, const StoredMessage& patch) { return patches_.offer(sequence, patch); }

  // The device's side.
  void present() { reads_.present(); }
  void follow(hub::FilterKind kind, std::string_view filter, std::uint8_t qos);
  void unfollow(std::string_view filter);
  void absent();
  void received(std::uint64_t token);
  void requestTwin(std::string_view topic, std::string_view rid, base::ByteView payload) { reads_.request(topic, rid, payload); }
  void replyToMethod(std::string_view topic, std::string_view rid, base::ByteView payload);
  std::uint64_t newMark() { return patches_.newMark(); }
  bool patchesFull() { return patches_.full(); }
  // Custody took a patch with this number and mark; `rid` is what the device waits for, if anything.
  void patchTaken(queue::Sequence sequence, std::uint64_t mark, std::string_view rid, base::ByteView patch) {
    patches_.taken(sequence, mark, rid, patch);
  }
  void safe(queue::Sequence through) { patches_.safe(through); }

 private:
  struct CloudMessage {
    std::uint64_t token;
    std::uint64_t epoch;
    mqtt::PacketId packetId;
    std::string topic;
    base::Bytes payload;
    bool repeatable;  // topic and payload are kept
    bool withDevice;  // sent on its present connection
  };

  void cloudToDevice(const mqtt::Publish& message);
  void twinResponse(const hub::HubTopic& topic, const mqtt::Publish& message);
  void method(const hub::HubTopic& topic, const mqtt::Publish& message);

  Line line_;
  TwinReads reads_{line_};
  ReportedPatches patches_{line_, reads_};
  std::vector<CloudMessage> cloudMessages_;     // with the device, not acknowledged by it
  std::uint64_t nextToken_ = 1;
  std::set<std::string, std::less<>> methods_;  // rids that the hub waits for
};

}  // namespace spheregate::relay
