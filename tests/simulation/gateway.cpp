#include "gateway.hpp"

#include <utility>

namespace spheregate::simulation {
namespace {

bool balanced(const queue::Ledger& ledger, std::uint64_t queued) {
  return ledger.accepted == ledger.delivered + queued + ledger.expired + ledger.dropped + ledger.deadLettered;
}

}  // namespace

Gateway::Gateway(World& world, const GatewaySettings& settings, queue::Disk& disk, MemoryTables& tables, FakeHub& hub)
    : settings_{settings},
      runner_{world, settings.diskLatencyMax},
      custody_{settings_.queue, disk, runner_, world.timers, metrics_},
      state_{world.timers, tables, world.random, settings.diskLatencyMax},
      dialer_{world, hub},
      pacer_{world.timers, upstream::allowance(settings_.upstream).connects},
      linkMetrics_{metrics_},
      random_{world.random()},
      weather_{world.timers, pacer_, settings_.upstream, random_, metrics_},
      linkContext_{.settings = settings_.upstream,
                   .timers = world.timers,
                   .dialer = dialer_,
                   .weather = weather_,
                   .credentials = passwords_,
                   .metrics = linkMetrics_,
                   .random = random_},
      links_{linkContext_},
      uplink_{custody_, links_, settings_.upstream, state_, world.timers, metrics_},
      front_{settings_.session, custody_, uplink_, state_, world.timers, metrics_} {
  uplink_.open(front_);
}

void Gateway::welcome(std::unique_ptr<base::Wire> wire, const std::string& deviceId) {
  auto verdict = std::make_shared<tls::Verdict>();
  verdict->accepted = true;
  verdict->deviceId = deviceId;
  front_.welcome(std::move(wire), std::move(verdict));
}

std::string Gateway::waiting() const {
  std::string text = upstream::label(weather_.condition());
  for (std::size_t number = 0; number < custody_.deviceCount(); ++number) {
    const auto key = static_cast<queue::DeviceKey>(number);
    const queue::DeviceQueueState state = custody_.state(key);
    const relay::Uplink::LinkState link = uplink_.linkState(key);
    text += ", " + std::string{state.id} + ": " + std::to_string(state.messages) + " queued, link " + upstream::label(link.state) + " with " +
            std::to_string(link.inflight) + " under way";
  }
  return text;
}

bool Gateway::booksBalance() const {
  queue::Ledger sum;
  std::uint64_t queued = 0;
  for (std::size_t number = 0; number < custody_.deviceCount(); ++number) {
    const queue::DeviceQueueState state = custody_.state(static_cast<queue::DeviceKey>(number));
    if (!balanced(state.ledger, state.messages)) return false;
    sum.accepted += state.ledger.accepted;
    sum.delivered += state.ledger.delivered;
    sum.expired += state.ledger.expired;
    sum.dropped += state.ledger.dropped;
    sum.deadLettered += state.ledger.deadLettered;
    queued += state.messages;
  }
  return sum == custody_.totals() && queued == custody_.queuedMessages();
}

}  // namespace spheregate::simulation
