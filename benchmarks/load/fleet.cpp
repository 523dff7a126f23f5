#include "fleet.hpp"

#include <algorithm>
#include <numeric>

namespace spheregate::load {
namespace {

// A paced device with so many messages open waits; packet ids must not meet, and a peer that cannot keep up shows as a lower
// rate.
constexpr std::uint64_t kOpenMax = 2000;

}  // namespace

Fleet::Fleet(Loop& loop, const DeviceCertificates& certificates, const Options& options, std::uint16_t port) : options_{options} {
  const DeviceSettings settings{port, options.payloadBytes};
  for (std::uint32_t index = 0; index < certificates.count(); ++index)
    devices_.emplace_back(loop, *this, certificates, index, settings);
}

void Fleet::connectAll() {
  for (std::size_t count = 0; count < options_.connecting; ++count) connectNext();
}

void Fleet::startHandshakes() {
  working_ = true;
  connectAll();
}

void Fleet::connectNext() {
  if (started_ == devices_.size() && working_ && options_.mode == Mode::handshake) started_ = 0;
  if (started_ < devices_.size()) devices_[started_++].connect();
}

void Fleet::connected(Device& device) {
  if (options_.mode == Mode::handshake) {
    ++handshakes_;
    device.disconnect();
  } else {
    ++online_;
  }
  connectNext();
}

void Fleet::lost(Device&, std::string_view reason) {
  if (problem_.empty()) problem_ = reason;
}

void Fleet::startPublishing(Nanoseconds at) {
  working_ = true;
  pacedFrom_ = at;
  if (options_.mode != Mode::closed) return;
  for (Device& device : devices_) publish(device, options_.window);
}

void Fleet::acknowledged(Device& device, unsigned count) {
  if (working_ && options_.mode == Mode::closed) publish(device, count);
}

void Fleet::publish(Device& device, std::size_t count) {
  const Nanoseconds born = now();
  while (count-- > 0) device.publish(born);
  device.flush();
}

Nanoseconds Fleet::tick(Nanoseconds at) {
  if (!working_ || (options_.mode != Mode::paced && options_.mode != Mode::crowd)) return kSecond;
  const double interval = static_cast<double>(kSecond) / options_.rate;
  for (;;) {
    const Nanoseconds due = pacedFrom_ + static_cast<Nanoseconds>(static_cast<double>(paced_) * interval);
    if (due > at) return due - at;
    Device& device = devices_[paced_ % devices_.size()];
    ++paced_;
    if (device.sent() - device.acked() >= kOpenMax) {
      ++held_;
      continue;
    }
    // Born when it was due: a late generator or a blocked socket counts as latency, it does not hide it.
    device.publish(due);
    device.flush();
  }
}

std::uint64_t Fleet::sent() const {
  return std::accumulate(devices_.begin(), devices_.end(), std::uint64_t{0},
                         [](auto sum, const Device& one) { return sum + one.sent(); });
}

std::uint64_t Fleet::acked() const {
  return std::accumulate(devices_.begin(), devices_.end(), std::uint64_t{0},
                         [](auto sum, const Device& one) { return sum + one.acked(); });
}

}  // namespace spheregate::load
