#include "dead_letters.hpp"

#include <string>

#include "spheregate/base/log.hpp"

namespace spheregate::queue {
namespace {

constexpr std::uint64_t kAsideShare = 4;

}  // namespace

DeadLetters::DeadLetters(Core& core, DiskRunner& runner, std::shared_ptr<SegmentFiles> files)
    : core_{core}, runner_{runner}, files_{std::move(files)} {}

void DeadLetters::bury(DeviceQueue& queue, Sequence sequence, base::ByteView body, DeadReason kind, std::string_view reason) {
  if (core_.closed || !burying_.emplace(queue.key, sequence).second) return;
  Entry& entry = queue.at(sequence);
  entry.deadReason = kind;
  // Neither device ids nor our reasons contain what JSON would want escaped.
  std::string head = "{\"device\":\"" + queue.id + "\",\"reason\":\"" + std::string{reason} +
                     "\",\"accepted_ms\":" + std::to_string(core_.wallMsOf(entry.acceptedTenths)) + "}\n";
  auto content = std::make_shared<base::Bytes>();
  base::append(*content, head);
  base::append(*content, body);
  base::logWarn("message dead-lettered", {{"device", queue.id}, {"sequence", sequence}, {"reason", reason}, {"bytes", body.size()}});
  if (core_.segments.asideBytes() + content->size() > core_.settings.bytesMax / kAsideShare) {
    burying_.erase({queue.key, sequence});
    return core_.leave(queue, sequence, Fate::dropped, DropReason::unreadable);
  }
  const std::string name = "letter-" + std::to_string(core_.wallMsOf(core_.tenthsNow())) + "-" + std::to_string(next_++);
  auto failure = std::make_shared<boost::system::error_code>();
  runner_.submit(
      [files = files_, content, failure, name] {
        const auto kept = files->keep(name, "dead-letters", *content);
        if (!kept) *failure = kept.error();
      },
      [this, alive = alive_, failure, key = queue.key, sequence, bytes = content->size()] {
        if (*alive) buried(key, sequence, bytes, *failure);
      });
}

void DeadLetters::buried(DeviceKey key, Sequence sequence, std::uint64_t bytes, const boost::system::error_code& failure) {
  burying_.erase({key, sequence});
  if (failure) return core_.close("cannot write a dead letter: " + failure.message());
  core_.segments.addAside(bytes);
  core_.metrics.writtenBytes.add(bytes);
  DeviceQueue& queue = core_.at(key);
  if (queue.holds(sequence)) core_.leave(queue, sequence, Fate::deadLettered);
}

}  // namespace spheregate::queue
