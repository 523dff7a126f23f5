#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "device.hpp"
#include "options.hpp"

namespace spheregate::load {

// All devices and what they do: come up a few at a time, then publish (closed loop or paced), stay, or reconnect for ever.
class Fleet final : public DeviceHost {
 public:
  Fleet(Loop& loop, const DeviceCertificates& certificates, const Options& options, std::uint16_t port);

  void connectAll();
  bool allConnected() const { return online_ == devices_.size(); }
  void startPublishing(Nanoseconds at);
  void stop() { working_ = false; }
  void startHandshakes();
  // Publishes what is due; returns how long the next message has time.
  Nanoseconds tick(Nanoseconds at);

  std::size_t online() const { return online_; }
  std::uint64_t handshakes() const { return handshakes_; }
  std::uint64_t sent() const;
  std::uint64_t acked() const;
  std::uint64_t held() const { return held_; }
  // Empty as long as no device lost its connection or was refused.
  const std::string& problem() const { return problem_; }

  void connected(Device& device) override;
  void acknowledged(Device& device, unsigned count) override;
  void lost(Device& device, std::string_view reason) override;

 private:
  void connectNext();
  void publish(Device& device, std::size_t count);

  Options options_;
  std::deque<Device> devices_;
  std::size_t started_ = 0;  // the next device to connect
  std::size_t online_ = 0;
  bool working_ = false;
  Nanoseconds pacedFrom_ = 0;
  std::uint64_t paced_ = 0;
  std::uint64_t held_ = 0;
  std::uint64_t handshakes_ = 0;
  std::string problem_;
};

}  // namespace spheregate::load
