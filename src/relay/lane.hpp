#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "downlink.hpp"
#include "spheregate/base/timers.hpp"
#include "spheregate/queue/custody.hpp"
#include "spheregate/relay/uplink.hpp"
#include "spheregate/upstream/link.hpp"
#include "spheregate/upstream/pacer.hpp"
#include "suspicion.hpp"
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

  // A message on which the hub closed, kept back while a witness goes in its place, and the same again behind it: a device that
  // was not answered sends it twice.
  struct Accused {
    std::vector<queue::Sequence> sequences;
    base::Bytes body;
  };

  bool mayFollow() const;
  std::size_t underWay() const { return published_ - acknowledged_ + downlink_.patchesUnderWay(); }
  void publish(const queue::Outgoing& outgoing, const StoredMessage& message);
  bool isLeaving();
  bool judge(const queue::Outgoing& outgoing);
  bool callWitness();
  void condemn(const std::vector<queue::Sequence>& sequences, base::ByteView body);
  bool suspectsAfterClose(const upstream::Link& link, bool wasUp);
  Suspicion::Others others() const;
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
  Suspicion suspicion_;
  std::optional<Accused> accused_;
  queue::Sequence leaving_ = 0;  // condemned, and not a dead letter for certain yet
  base::Timer hold_;             // the line is held silent, or the witness is awaited from the disk
  base::MonoTime sentAlone_{};
  std::uint64_t published_ = 0;  // on this connection
  std::uint64_t acknowledged_ = 0;
  queue::Sequence lastAcknowledged_ = 0;
  Suspicion::Others own_;               // of this device, ever
  queue::Sequence passed_ = 0;          // the last that was offered on this connection
  queue::Sequence backlogThrough_ = 0;  // up to here they are of an outage
  base::MonoTime downSince_{};          // long ago: never up yet
  bool present_ = false;
  bool wasUp_ = false;
};

}  // namespace spheregate::relay
