#include "operator_view.hpp"

#include <chrono>
#include <utility>

#include "day_json.hpp"
#include "read_routes.hpp"
#include "required.hpp"

namespace spheregate::app {
namespace {

constexpr std::chrono::seconds kBeat{2};

}  // namespace

OperatorView::OperatorView(ViewParts parts)
    : parts_{std::move(parts)},
      started_{parts_.loop.clock().now()},
      day_{parts_.loop.clock()},
      beat_{parts_.loop.timers()},
      live_{parts_.loop.timers(),
            {.fleet = [this] { return fleet(); },
             .summary = [this] { return summaryJson(status()); },
             .listeners = [this] { return http_->listeners(); },
             .publish = [this](std::string events) { http_->publish(std::move(events)); }}},
      http_{required(ops::HttpServer::open(parts_.loop.asio(), parts_.config.http, sources(), parts_.metrics))} {
  // Not before the store has been read.
  beat_.after({}, [this] { beat(); });
}

FleetParts OperatorView::fleet() const {
  return {.custody = parts_.custody,
          .front = parts_.front,
          .known = parts_.known,
          .refusals = parts_.refusals,
          .aliases = parts_.names.now(),
          .clock = parts_.loop.clock()};
}

StatusParts OperatorView::status() const {
  return {.fleet = fleet(),
          .uplink = parts_.uplink,
          .listener = *parts_.listener,
          .admission = parts_.admission,
          .reloading = *parts_.reloading,
          .state = parts_.state,
          .assigner = parts_.logins.assigner(),
          .hub = parts_.config.upstream.hub,
          .condition = parts_.weather.condition(),
          .hostname = parts_.config.hostname,
          .started = started_,
          .queueBytesMax = parts_.config.queue.bytesMax,
          .dates = parts_.calendar->entries(),
          .rates = rates_.perSecond()};
}

ops::HttpSources OperatorView::sources() {
  return {.metrics = [this] { return parts_.metrics.text(); },
          .notReady = parts_.notReady,
          .read = [this](const ops::AdminRequest& request) { return read(request); },
          .events = [this] { return live_.greeting(); }};
}

std::optional<ops::AdminAnswer> OperatorView::read(const ops::AdminRequest& request) const {
  if (request.path == "/history") return ops::AdminAnswer{200, dayJson(day_)};
  return readRoute(status(), request);
}

history::Sample OperatorView::sample() const {
  const queue::Ledger totals = parts_.custody.totals();
  return {.accepted = totals.accepted,
          .delivered = totals.delivered,
          .queueMessages = parts_.custody.queuedMessages(),
          .queueBytes = parts_.custody.queuedBytes(),
          .queueOldestAgeSeconds = parts_.custody.oldestAgeSeconds().value_or(0),
          .devicesConnected = parts_.front.devicesConnected(),
          .uplink = parts_.uplink.linksUp() > 0};
}

void OperatorView::beat() {
  beat_.after(kBeat, [this] { beat(); });
  const history::Sample now = sample();
  rates_.take(parts_.loop.clock().now(), now);
  day_.take(now);
}

}  // namespace spheregate::app
