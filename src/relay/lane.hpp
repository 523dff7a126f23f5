#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "downlink.hpp"
#include "spheregate/base/timers.hpp"
#include "spheregate/queue/custody.hpp"
#include "spheregate/relay/uplink.hpp"
#include "spheregate/upstream/link.hpp"
#include "spheregate/upstream/pacer.hpp"
#include "traffic.hpp"

namespace spheregate::relay {

// One device's way up: moves messages from custody to its link as the window allows.
class Uplink::Lane final : public upstream::LinkUser, public Traffic::Sender {
 public:
  Lane(Uplink& uplink, queue::DeviceKey device);
  ~Lane() override;

  void present(std::string_view query);
  void absent();
  // Opens the link if messages wait.
  void wake();
  void pump();
  // Something new is in custody.
  void wakeAndPump();
  Downlink& downlink() { return downlink_; }
  void close() { link_->close(); }
  void hurry(base::Duration spread) { link_->hurry(spread); }
  const upstream::Link& link() const { return *link_; }
  queue::DeviceKey device() const { return device_; }
  std::string_view id() const { return uplink_.custody_.id(device_); }

  void linkUp(upstream::Link& link) override;
  void linkAcknowledged(upstream::Link& link, std::uint64_t token) override;
  void linkMessage(upstream::Link& link, const mqtt::Publish& message) override;
  void linkRoom(upstream::Link& link) override;
  void linkDown(upstream::Link& link, std::string_view reason) override;

  void turn() override { roomForAll(); }
  bool catchingUp() const override { return passed_ < backlogThrough_; }

 private:
  // A patch that waits for its turn among the twin updates; what is behind it waits too.
  struct WaitingPatch {
    queue::Sequence sequence;
    base::Bytes body;
    upstream::Pacer::Ticket ticket;  // 0: it may go
  };

  std::string unfit(const StoredMessage& message) const;
  bool sendPatch(const queue::Outgoing& outgoing, const StoredMessage& patch);
  bool sendWaitingPatch();
  void forgetWaitingPatch();
  void roomForAll();
  void lingerIfIdle();

  Uplink& uplink_;
  queue::DeviceKey device_;
  std::string prefix_;
  std::unique_ptr<upstream::Link> link_;
  Downlink downlink_;
  base::Timer linger_;
  std::optional<WaitingPatch> patch_;
  queue::Sequence passed_ = 0;          // the last that was offered on this connection
  queue::Sequence backlogThrough_ = 0;  // up to here they are of an outage
  base::MonoTime downSince_{};          // long ago: never up yet
  bool present_ = false;
  bool wasUp_ = false;
};

}  // namespace spheregate::relay
