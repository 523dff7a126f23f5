#include "event_feed.hpp"

#include <utility>

#include "event_stream.hpp"

namespace spheregate::ops {

EventFeed::EventFeed(std::function<std::string()> greeting, metrics::Registry& metrics)
    : greeting_{std::move(greeting)},
      shown_{metrics.gauge("http_event_streams", "Clients that listen to /events now.")},
      dropped_{metrics.counter("http_event_streams_dropped_total", "Clients of /events that were dropped because they did not take what they were sent.")} {}

// Whoever is too slow leaves meanwhile.
void EventFeed::publish(std::string events) {
  const auto text = std::make_shared<const std::string>(std::move(events));
  for (EventStream* stream : std::vector<EventStream*>{streams_}) stream->say(text);
}

void EventFeed::end() {
  for (EventStream* stream : std::vector<EventStream*>{streams_}) stream->end();
}

void EventFeed::join(EventStream& stream) {
  streams_.push_back(&stream);
  refresh();
  stream.say(std::make_shared<const std::string>(greeting_()));
}

void EventFeed::leave(EventStream& stream) {
  std::erase(streams_, &stream);
  refresh();
}

}  // namespace spheregate::ops
