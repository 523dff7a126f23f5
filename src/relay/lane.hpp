#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "downlink.hpp"
#include "spheregate/base/timers.hpp"
#include "spheregate/queue/custody.hpp"
#include "spheregate/relay/uplink.hpp"
#include "spheregate/upstream/link.hpp"

namespace spheregate::relay {

// One device's way up: moves messages from custody to its link as the window allows.
class Uplink::Lane final : public upstream::LinkUser {
 public:
  Lane(Uplink& uplink, queue::DeviceKey device);

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

 private:
  void roomForAll();
  void lingerIfIdle();

  Uplink& uplink_;
  queue::DeviceKey device_;
  std::string prefix_;
  std::unique_ptr<upstream::Link> link_;
  Downlink downlink_;
  base::Timer linger_;
  bool present_ = false;
  bool wasUp_ = false;
};

}  // namespace spheregate::relay
