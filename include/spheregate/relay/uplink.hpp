#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "spheregate/base/log_gate.hpp"
#include "spheregate/base/timers.hpp"
#include "spheregate/hub/topics.hpp"
#include "spheregate/metrics/registry.hpp"
#include "spheregate/mqtt/packets.hpp"
#include "spheregate/queue/custody.hpp"
#include "spheregate/relay/stored_message.hpp"
#include "spheregate/state/store.hpp"
#include "spheregate/upstream/link.hpp"
#include "spheregate/upstream/pacer.hpp"
#include "spheregate/upstream/settings.hpp"

namespace spheregate::relay {

struct DownlinkMetrics;
class Traffic;
class TwinCache;

enum class Delivery : std::uint8_t { sent, nobody, busy };

// What the uplink tells the devices' side.
class DeviceSide {
 public:
  virtual ~DeviceSide() = default;
  // Hands a message of the hub to the device if it is there and subscribed, at most at the QoS it was granted. With QoS 1
  // `Uplink::received` is called with the token when the device has acknowledged it.
  virtual Delivery deliver(queue::DeviceKey device, const mqtt::Publish& message, std::uint64_t token) = 0;
  // The device's messages up to `through` are with the hub or on stable storage.
  virtual void acknowledge(queue::DeviceKey device, queue::Sequence through) = 0;
  // There is room again for devices whose messages were held.
  virtual void roomAgain() = 0;
  virtual void storeClosed(std::string_view reason) = 0;
  // The device does not take what it must not miss: its connection ends, and on the next one it asks for the whole.
  virtual void tooSlow(queue::DeviceKey device) = 0;
};

// Between the devices and the hub: custody on one side, a link for each device on the other. A link is open
// while its device is present or has something queued. Core thread only.
class Uplink final : public queue::CustodyUser {
 public:
  Uplink(queue::Custody& custody, upstream::Links& links, const upstream::Settings& settings, state::Store& store,
         base::Timers& timers, metrics::Registry& metrics);
  ~Uplink() override;
  Uplink(const Uplink&) = delete;
  Uplink& operator=(const Uplink&) = delete;

  // Opens the store, then a link for every device with something queued.
  void open(DeviceSide& devices);
  // The device is connected; `query` is that of its username.
  void present(queue::DeviceKey device, std::string_view query);
  // The device left; its link closes when nothing is queued and it does not come back soon.
  void absent(queue::DeviceKey device);
  queue::Accepted take(queue::DeviceKey device, const StoredMessage& message, std::uint8_t qos);
  // A patch of reported properties; it goes to the hub in order with telemetry. `rid` is what the device waits for, if anything.
  queue::Accepted takePatch(queue::DeviceKey device, std::string_view query, std::string_view rid, base::ByteView patch);
  // Subscriptions at the hub follow those of the device that is present.
  void follow(queue::DeviceKey device, hub::FilterKind kind, std::string_view filter, std::uint8_t qos);
  void unfollow(queue::DeviceKey device, std::string_view filter);
  void received(queue::DeviceKey device, std::uint64_t token);
  void requestTwin(queue::DeviceKey device, std::string_view topic, std::string_view rid, base::ByteView payload);
  void replyToMethod(queue::DeviceKey device, std::string_view topic, std::string_view rid, base::ByteView payload);
  // An operator wants a dead letter to be sent after all: it goes to the end of its device's queue, and `done` is told when it is safe there.
  void retry(const std::string& letterId, queue::LetterRetried done);
  // Messages a second from backlogs of all devices together, in place of `queue.drain_rate`; 0: no limit.
  void setDrainRate(double perSecond);
  // Says DISCONNECT on all links.
  void close();

  struct LinkState {
    upstream::Link::State state = upstream::Link::State::closed;
    std::size_t inflight = 0;
    std::string_view lastError;
  };
  LinkState linkState(queue::DeviceKey device) const;
  std::size_t linksUp() const { return linksUp_; }
  // When the first link came up or the last one went; before that, the start.
  base::MonoTime since() const { return since_; }
  // Why a link failed the last time; empty when one came up after that.
  std::string_view lastError() const { return lastError_; }
  const upstream::Links& links() const { return links_; }
  // No device gets through to the hub, and the last that tried failed.
  bool hubAway() const { return linksUp_ == 0 && hubFails_; }

  void safe(queue::DeviceKey device, queue::Sequence through) override;
  void ready(queue::DeviceKey device) override;
  void roomAgain() override;
  void storeClosed(std::string_view reason) override;

 private:
  class Lane;

  Lane& lane(queue::DeviceKey device);
  queue::Accepted accept(queue::DeviceKey device, const StoredMessage& message, bool dispensable);
  void linkCameUp();
  void linkGone();
  void linkWentDown(const Lane& lane, std::string_view reason, bool failing);

  queue::Custody& custody_;
  upstream::Links& links_;
  const upstream::Settings& settings_;
  base::Timers& timers_;
  DeviceSide* devices_ = nullptr;
  std::vector<std::unique_ptr<Lane>> lanes_;  // by device key; null until the device needs a link
  std::size_t linksUp_ = 0;
  base::MonoTime since_;
  std::string lastError_;
  bool hubFails_ = false;  // so said the last link that went down, and none has come up since
  std::uint64_t acknowledged_ = 0;  // messages of all devices
  std::uint64_t cuts_ = 0;          // connections that the hub closed with messages under way, not again on the same one
  std::optional<base::MonoTime> closedByChance_;  // when it took a message on which it had closed
  base::Bytes scratch_;
  base::LogGate failures_{std::chrono::seconds{10}};
  std::unique_ptr<TwinCache> twins_;
  std::unique_ptr<DownlinkMetrics> downlinkMetrics_;
  std::unique_ptr<Traffic> traffic_;
  upstream::Pacer twinReads_;
  upstream::Pacer twinUpdates_;
  metrics::Counter& patches_;
  metrics::Counter* accepted_[2];
  metrics::Counter& unreadable_;
};

}  // namespace spheregate::relay
