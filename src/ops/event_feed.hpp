#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "spheregate/metrics/registry.hpp"

namespace spheregate::ops {

class EventStream;

// What all who listen to /events are told. Core thread only.
class EventFeed {
 public:
  static constexpr std::size_t kStreamsMax = 16;

  // `greeting` gives what somebody hears first. Called once for each.
  EventFeed(std::function<std::string()> greeting, metrics::Registry& metrics);

  std::size_t listeners() const { return streams_.size(); }
  bool full() const { return streams_.size() >= kStreamsMax; }
  void publish(std::string events);
  // Everybody's stream ends when it has said what it was given.
  void end();

  void join(EventStream& stream);
  // Whether it has joined or not.
  void leave(EventStream& stream);
  // It does not take what it is told.
  void tooSlow() { dropped_.add(); }

 private:
  void refresh() { shown_.set(static_cast<double>(streams_.size())); }

  std::function<std::string()> greeting_;
  std::vector<EventStream*> streams_;
  metrics::Gauge& shown_;
  metrics::Counter& dropped_;
};

}  // namespace spheregate::ops
