#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "spheregate/base/timers.hpp"
#include "spheregate/upstream/gateway_link.hpp"
#include "spheregate/upstream/kept_messages.hpp"
#include "spheregate/upstream/link.hpp"
#include "spheregate/upstream/settings.hpp"

namespace spheregate::upstream {

class SharedLink;

// The devices' links when all of them share the gateway's one connection. A message goes to `devices/{gateway}/messages/events` with the
// device's own suffix and one more property that names the device; messages of the cloud come to the gateway and are kept here until
// their device has them. All links come up and go down with the connection. Core thread only; the links live no longer.
class SharedLinks final : public Links, private GatewayUser {
 public:
  SharedLinks(GatewayLink& gateway, KeptMessages& kept, const Settings& settings, base::Timers& timers);
  ~SharedLinks() override;
  SharedLinks(const SharedLinks&) = delete;
  SharedLinks& operator=(const SharedLinks&) = delete;

  std::unique_ptr<Link> make(std::string deviceId, LinkUser& user) override;
  std::optional<Objection> objection(std::string_view deviceId, std::string_view suffix, std::size_t payloadBytes) const override;
  bool twinsAndMethods() const override { return false; }

 private:
  friend class SharedLink;
  struct Flight {
    SharedLink* link;  // null when it went
    std::uint64_t token;
    std::size_t bytes;
    bool landed;
  };

  void leave(SharedLink& link);
  void rise();
  void tellRisen();
  void blame();
  std::size_t room(SharedLink& link);
  bool crowded() const;
  void lineUp(SharedLink& link);
  void publish(SharedLink& link, std::string_view suffix, base::ByteView payload, bool retain, std::uint64_t token);
  void forgetFlights(const SharedLink& link);
  void serve();
  void hearArrivals();
  void askForCloudMessages();
  void gatewayUp() override;
  void gatewayDown(std::string_view reason) override;
  void gatewayAcknowledged(std::uint64_t number) override;
  void gatewayMessage(const ControlMessage& message) override;

  GatewayLink& gateway_;
  KeptMessages& kept_;
  const Settings& settings_;
  base::Timers& timers_;
  std::map<std::string, SharedLink*, std::less<>> links_;

  std::deque<Flight> flights_;  // by number from `firstFlight_` on
  std::uint64_t firstFlight_ = 1;
  std::size_t inFlight_ = 0;
  std::size_t bytesInFlight_ = 0;

  // Links that may have something to publish and found no room. A few messages each in turn, so that a device that floods the
  // gateway does not starve the others.
  std::deque<SharedLink*> waiting_;
  SharedLink* serving_ = nullptr;
  std::size_t turnsLeft_ = 0;
  base::Timer service_;
  base::Timer rising_;
  base::Timer sweep_;
};

}  // namespace spheregate::upstream
