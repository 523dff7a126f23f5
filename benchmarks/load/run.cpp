#include "run.hpp"

#include <algorithm>
#include <iostream>
#include <stdexcept>

namespace spheregate::load {
namespace {

constexpr double kConnectSecondsMax = 180;
constexpr double kSettleSeconds = 0.5;
constexpr Nanoseconds kSinkTick = kMillisecond;

std::vector<std::string> topicsOf(const DeviceCertificates& certificates) {
  std::vector<std::string> topics;
  for (std::size_t device = 0; device < certificates.count(); ++device)
    topics.push_back(Device::topicOf(certificates.id(device)));
  return topics;
}

}  // namespace

Run::Run(const Options& options)
    : options_{options},
      certificates_{options.pki, options.devices},
      hubContext_{hubContext(options.pki)},
      book_{topicsOf(certificates_)},
      sink_{options.threads > 1 ? hubLoop_ : loop_, hubContext_.get(), book_, options.sinkPort} {
  if (options.threads < 2) return;
  hubThread_ = std::jthread{[this](std::stop_token stop) {
    while (!stop.stop_requested()) {
      hubLoop_.turn(options_.pubackDelayMs ? kSinkTick : 20 * kMillisecond);
      sink_.tick();
    }
  }};
}

void Run::stopSink() {
  hubThread_.request_stop();
  if (hubThread_.joinable()) hubThread_.join();
}

bool Run::serve(double seconds, const std::function<bool()>& until) {
  const Nanoseconds end = now() + static_cast<Nanoseconds>(seconds * static_cast<double>(kSecond));
  const Nanoseconds waitMax = options_.pubackDelayMs ? kSinkTick : 20 * kMillisecond;
  for (;;) {
    if (!fleet_->problem().empty()) throw std::runtime_error{"a device was refused or lost its connection: " + fleet_->problem()};
    if (until()) return true;
    const Nanoseconds at = now();
    if (at >= end) return false;
    loop_.turn(std::min({fleet_->tick(at), end - at, waitMax}));
    if (options_.threads < 2) sink_.tick();
  }
}

void Run::serve(double seconds) {
  serve(seconds, [] { return false; });
}

nlohmann::json Run::measure(std::uint16_t peerPort, pid_t peer) {
  peer_ = peer;
  fleet_ = std::make_unique<Fleet>(loop_, certificates_, options_, peerPort);
  result_ = {{"devices", options_.devices}, {"payload_bytes", options_.payloadBytes}};
  if (options_.mode == Mode::handshake) {
    shakeHands();
  } else if (options_.mode == Mode::crowd) {
    crowd();
  } else {
    connectDevices();
    if (options_.mode == Mode::idle)
      stay();
    else
      publish();
  }
  stopSink();
  return result_;
}

void Run::connectDevices() {
  const PeerUsage before = PeerUsage::of(peer_);
  fleet_->connectAll();
  if (!serve(kConnectSecondsMax, [this] { return fleet_->allConnected(); }))
    throw std::runtime_error{"only " + std::to_string(fleet_->online()) + " of " + std::to_string(options_.devices) +
                             " devices were connected in time"};
  const Nanoseconds connectedAt = now();
  // The peer's own connections to the hub may come later; wait until no more do.
  std::uint64_t seen = 0;
  do {
    seen = sink_.connects();
    serve(kSettleSeconds);
    if (secondsBetween(connectedAt, now()) > kConnectSecondsMax) throw std::runtime_error{"the peer never connected to the hub"};
  } while (seen == 0 || sink_.connects() != seen);
  const PeerUsage after = PeerUsage::of(peer_);
  const auto devices = static_cast<double>(options_.devices);
  result_["connect"] = {{"seconds", secondsBetween(before.at, connectedAt)},
                        {"hub_connections", sink_.connects() - sink_.disconnects()},
                        {"peer_cpu_ms_per_device", (after.cpuSeconds - before.cpuSeconds) * 1e3 / devices},
                        {"peer_resident_bytes_before", before.residentBytes},
                        {"peer_resident_bytes_after", after.residentBytes},
                        {"peer_resident_bytes_per_device",
                         (static_cast<double>(after.residentBytes) - static_cast<double>(before.residentBytes)) / devices}};
}

void Run::stay() {
  const PeerUsage before = PeerUsage::of(peer_);
  serve(options_.seconds);
  const PeerUsage after = PeerUsage::of(peer_);
  result_["peer_cpu_percent"] = (after.cpuSeconds - before.cpuSeconds) * 100 / secondsBetween(before.at, after.at);
}

// Says when all are there, publishes all the while, and ends when everything is acknowledged.
void Run::crowd() {
  fleet_->connectAll();
  if (!serve(kConnectSecondsMax, [this] { return fleet_->allConnected(); })) throw std::runtime_error{"not all were connected in time"};
  std::cerr << "connected" << std::endl;
  fleet_->startPublishing(now());
  serve(options_.seconds);
  fleet_->stop();
  serve(options_.drainSeconds, [this] { return fleet_->acked() == fleet_->sent(); });
  result_["sent"] = fleet_->sent();
  result_["acked"] = fleet_->acked();
}

void Run::shakeHands() {
  // Session and process-wide tables are warm before the count begins.
  const PeerUsage idle = PeerUsage::of(peer_);
  fleet_->startHandshakes();
  serve(options_.warmupSeconds);
  const std::uint64_t before = fleet_->handshakes();
  const PeerUsage begin = PeerUsage::of(peer_);
  serve(options_.seconds);
  const PeerUsage end = PeerUsage::of(peer_);
  const auto count = static_cast<double>(fleet_->handshakes() - before);
  result_["peer_resident_bytes_before"] = idle.residentBytes;
  result_["handshakes_per_second"] = count / secondsBetween(begin.at, end.at);
  result_["peer_cpu_ms_per_handshake"] = ratio((end.cpuSeconds - begin.cpuSeconds) * 1e3, count);
  result_["hub_connects"] = sink_.connects();
}

}  // namespace spheregate::load
