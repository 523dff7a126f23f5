#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>

#include "spheregate/base/timers.hpp"
#include "spheregate/upstream/shared_links.hpp"

namespace spheregate::upstream {

// One device's share of the gateway's connection.
class SharedLink final : public Link {
 public:
  SharedLink(SharedLinks& links, std::string deviceId, LinkUser& user);
  ~SharedLink() override;
  SharedLink(const SharedLink&) = delete;
  SharedLink& operator=(const SharedLink&) = delete;

  void open(std::string_view query) override;
  void close() override;
  // The connection is everybody's, so no link is a probe for the others.
  void hurry(base::Duration) override {}
  State state() const override;
  bool failing() const override { return wanted_ && links_.gateway_.failing(); }
  std::string_view lastError() const override { return links_.gateway_.lastError(); }
  std::size_t inflight() const override { return inFlight_; }
  void follow(std::string_view filter, std::uint8_t qos) override;
  void unfollow(std::string_view filter) override;
  bool follows(std::string_view filter) const override { return followed_.contains(filter); }
  // There is nothing that one device may ask for under the gateway's name.
  bool send(std::string_view, base::ByteView) override { return true; }
  void acknowledge(std::uint64_t epoch, mqtt::PacketId id) override;
  bool keepsCloudMessages() const override { return true; }
  std::uint64_t epoch() const override { return links_.gateway_.epoch(); }
  void stalled(std::string_view reason) override { links_.gateway_.stalled(reason); }
  void refused(std::string_view reason) override { links_.gateway_.refused(reason); }
  std::size_t room() const override { return links_.room(const_cast<SharedLink&>(*this)); }
  void publish(std::string_view prefix, std::string_view suffix, base::ByteView payload, bool retain, bool dup,
               std::uint64_t token) override;

  // Something has come for the device.
  void deliverSoon();

 private:
  friend class SharedLinks;

  void deliver();
  void handAgain();
  bool hand(const KeptMessage& message);

  SharedLinks& links_;
  std::string deviceId_;
  LinkUser& user_;
  bool wanted_ = false;
  bool told_ = false;     // its user knows that it is up
  bool inLine_ = false;
  unsigned strikes_ = 0;       // how often the connection ended on its message
  base::MonoTime notBefore_{}; // its turn on this connection
  std::size_t turnsLeft_ = 0;  // of a turn that was cut short
  std::size_t inFlight_ = 0;
  std::set<std::string, std::less<>> followed_;

  // The device listens to its cloud-to-device messages.
  bool listening_ = false;
  std::uint8_t qos_ = 0;
  std::uint64_t lastHanded_ = 0;
  std::map<mqtt::PacketId, std::uint64_t> withDevice_;  // handed over and not acknowledged: number
  base::Timer delivery_;
  base::Timer lock_;
};

}  // namespace spheregate::upstream
