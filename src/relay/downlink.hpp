#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "spheregate/base/timers.hpp"
#include "spheregate/metrics/registry.hpp"
#include "spheregate/mqtt/packets.hpp"
#include "spheregate/queue/custody.hpp"
#include "spheregate/relay/uplink.hpp"
#include "spheregate/upstream/link.hpp"

namespace spheregate::relay {

struct DownlinkMetrics {
  explicit DownlinkMetrics(metrics::Registry& registry);
  metrics::Counter& cloudToDevice;
  metrics::Counter& desired;
  metrics::Counter& methods;
  metrics::Counter& twins;
  metrics::Counter& undelivered;
};

// What one device and the hub say to each other besides telemetry: cloud-to-device messages, direct methods, the twin. Nothing here
// outlives the process except patches of reported properties, which go through custody in order with telemetry.
class Downlink {
 public:
  Downlink(queue::DeviceKey device, std::string_view id, upstream::Link& link, queue::Custody& custody, base::Timers& timers,
           base::Duration patience, DownlinkMetrics& metrics);

  void serve(DeviceSide& devices) { devices_ = &devices; }

  // The hub's side.
  void linkRoom();
  void linkDown();
  std::size_t patchesUnderWay() const { return patches_.size(); }
  void message(const mqtt::Publish& message);
  // Sends a patch that custody has offered; false when the hub does not take what it gets.
  bool offerPatch(queue::Sequence sequence, const StoredMessage& patch);

  // The device's side.
  void follow(hub::FilterKind kind, std::string_view filter, std::uint8_t qos);
  void unfollow(std::string_view filter);
  void absent();
  void received(std::uint64_t token);
  void requestTwin(std::string_view topic, std::string_view rid, base::ByteView payload);
  void replyToMethod(std::string_view topic, std::string_view rid, base::ByteView payload);
  // The device waits for an answer to the patch that custody took with this number.
  void awaitPatch(queue::Sequence sequence, std::string_view rid);
  void safe(queue::Sequence through);

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
  struct TwinRequest {
    std::string rid;
    std::string topic;
    base::Bytes payload;
    bool sent = false;
  };
  struct SentPatch {
    base::Bytes payload;
    base::MonoTime sent;
  };

  void followAnswers();
  void cloudToDevice(const mqtt::Publish& message);
  void twinResponse(const hub::HubTopic& topic, const mqtt::Publish& message);
  void patchAnswered(queue::Sequence sequence, const hub::HubTopic& topic, const mqtt::Publish& message);
  bool answerPatch(queue::Sequence sequence, int status, std::string_view query, base::ByteView body);
  void answerStoredPatches();
  void watchPatches();

  queue::DeviceKey device_;
  std::string_view id_;
  upstream::Link& link_;
  queue::Custody& custody_;
  base::Timers& timers_;
  base::Duration patience_;
  DownlinkMetrics& metrics_;
  DeviceSide* devices_ = nullptr;

  std::vector<CloudMessage> cloudMessages_;          // with the device, not acknowledged by it
  std::uint64_t nextToken_ = 1;
  std::set<std::string, std::less<>> methods_;       // rids that the hub waits for
  std::vector<TwinRequest> twinRequests_;            // unanswered
  std::map<queue::Sequence, std::string> awaited_;   // patches whose answer the device waits for: its rid
  std::map<queue::Sequence, SentPatch> patches_;     // with the hub, unanswered
  queue::Sequence safe_ = 0;
  base::Timer watch_;
};

}  // namespace spheregate::relay
