#pragma once

#include <sys/types.h>

#include <functional>
#include <nlohmann/json.hpp>
#include <thread>

#include "certificates.hpp"
#include "delivery_book.hpp"
#include "fleet.hpp"
#include "loop.hpp"
#include "options.hpp"
#include "peer_usage.hpp"
#include "sink.hpp"

namespace spheregate::load {

inline double ratio(double value, double by) { return by == 0 ? 0 : value / by; }

// One measurement: connect, warm up, measure, drain. Only what happens while it measures counts.
class Run {
 public:
  // The sink listens from here on, so that the peer can be started.
  explicit Run(const Options& options);
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;

  std::uint16_t sinkPort() const { return sink_.port(); }
  // The peer listens on that port of 127.0.0.1; its resources are counted when the process is not 0. Throws in words.
  nlohmann::json measure(std::uint16_t peerPort, pid_t peer);

 private:
  void connectDevices();
  void publish();
  void drain();
  void shakeHands();
  void stay();
  void crowd();
  // Serves everything until the condition holds; false when it did not within that time.
  bool serve(double seconds, const std::function<bool()>& until);
  void serve(double seconds);
  void stopSink();

  Options options_;
  DeviceCertificates certificates_;
  SslContextPointer hubContext_;
  DeliveryBook book_;
  Loop loop_;
  Loop hubLoop_;  // used when the sink has a thread of its own
  Sink sink_;
  std::jthread hubThread_;
  std::unique_ptr<Fleet> fleet_;
  pid_t peer_ = 0;
  nlohmann::json result_;
};

}  // namespace spheregate::load
