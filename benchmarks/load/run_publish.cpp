#include <sys/resource.h>

#include "run.hpp"

namespace spheregate::load {
namespace {

// Nothing more will come when nothing came for so long.
constexpr double kStuckSeconds = 5;
constexpr double kFarewellSeconds = 0.2;

double ownCpuSeconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

}  // namespace

void Run::publish() {
  sink_.delayAcknowledgements(options_.pubackDelayMs * kMillisecond);
  const PeerUsage first = PeerUsage::of(peer_);
  fleet_->startPublishing(now());
  serve(options_.warmupSeconds);

  const std::uint64_t ackedBefore = fleet_->acked();
  const std::uint64_t heldBefore = fleet_->held();
  const double ownBefore = ownCpuSeconds();
  const PeerUsage begin = PeerUsage::of(peer_);
  book_.measure(true);
  serve(options_.seconds);
  book_.measure(false);
  const PeerUsage end = PeerUsage::of(peer_);
  const double own = ownCpuSeconds() - ownBefore;
  const double seconds = secondsBetween(begin.at, end.at);
  const auto messages = static_cast<double>(book_.measured());
  const auto acked = static_cast<double>(fleet_->acked() - ackedBefore);
  result_["seconds"] = seconds;
  result_["messages_per_second"] = messages / seconds;
  result_["acked_per_second"] = acked / seconds;
  result_["held_per_second"] = static_cast<double>(fleet_->held() - heldBefore) / seconds;
  result_["peer_cpu_us_per_message"] = ratio((end.cpuSeconds - begin.cpuSeconds) * 1e6, messages);
  result_["peer_cpu_percent"] = (end.cpuSeconds - begin.cpuSeconds) * 100 / seconds;
  result_["generator_cpu_us_per_message"] = ratio(own * 1e6, messages);
  result_["generator_cpu_percent"] = own * 100 / seconds;
  result_["backlog_messages"] = fleet_->sent() - book_.delivered();

  drain();
  const PeerUsage last = PeerUsage::of(peer_);
  const double payload = static_cast<double>(fleet_->acked()) * static_cast<double>(options_.payloadBytes);
  result_["disk_written_bytes"] = last.diskWrittenBytes - first.diskWrittenBytes;
  result_["disk_bytes_per_payload_byte"] = ratio(static_cast<double>(last.diskWrittenBytes - first.diskWrittenBytes), payload);
  result_["peer_resident_bytes_end"] = last.residentBytes;
}

void Run::drain() {
  fleet_->stop();
  sink_.delayAcknowledgements(0);
  const Nanoseconds begin = now();
  const std::uint64_t deliveredBefore = book_.delivered();
  std::uint64_t progress = 0;
  Nanoseconds progressAt = begin;
  Nanoseconds lookedAt = 0;
  serve(options_.drainSeconds, [&] {
    if (now() - lookedAt < kMillisecond) return false;
    lookedAt = now();
    if (const std::uint64_t is = book_.delivered() + fleet_->acked(); is != progress) {
      progress = is;
      progressAt = lookedAt;
    }
    return progress == 2 * fleet_->sent() || secondsBetween(progressAt, lookedAt) > kStuckSeconds;
  });
  const double seconds = secondsBetween(begin, progressAt);
  const std::uint64_t delivered = book_.delivered();
  // The peer should see the last acknowledgements before the connections go.
  serve(kFarewellSeconds);
  stopSink();
  const auto micros = [](std::uint64_t nanoseconds) { return static_cast<double>(nanoseconds) / 1e3; };
  const Histogram& latency = book_.latency();
  result_["latency_us"] = {{"p50", micros(latency.percentile(0.5))},
                           {"p99", micros(latency.percentile(0.99))},
                           {"p999", micros(latency.percentile(0.999))},
                           {"max", micros(latency.max())}};
  result_["drain"] = {{"seconds", seconds},
                      {"messages_per_second", ratio(static_cast<double>(delivered - deliveredBefore), seconds)}};
  result_["books"] = {{"sent", fleet_->sent()},       {"acked", fleet_->acked()},
                      {"delivered", delivered},       {"lost", fleet_->acked() > delivered ? fleet_->acked() - delivered : 0},
                      {"repeated", book_.repeated()}, {"missing_in_order", book_.missing()},
                      {"aliens", book_.aliens()},     {"hub_disconnects", sink_.disconnects()}};
}

}  // namespace spheregate::load
