#include "journal.hpp"

#include <chrono>
#include <random>
#include <utility>

#include "spheregate/base/check.hpp"

namespace spheregate::queue {

// What the disk job found out; written by it, read when it is done.
struct Journal::Outcome {
  boost::system::error_code error;
  const char* step = "";
  double seconds = 0;
};

Journal::Journal(Core& core, DiskRunner& runner, std::shared_ptr<SegmentFiles> files, std::function<void()> stored)
    : core_{core}, runner_{runner}, files_{std::move(files)}, stored_{std::move(stored)}, start_{core.timers} {
  core_.wantWrite = [this](DeviceQueue& queue) { want(queue); };
}

Journal::~Journal() { *alive_ = false; }

void Journal::want(DeviceQueue& queue) {
  if (core_.closed) return;
  if (!std::exchange(queue.wanted, true)) wanted_.push_back(&queue);
  retry();
}

void Journal::rescue(Rescue rescue) {
  SPHEREGATE_CHECK(!rescue_);
  rescue_ = std::move(rescue);
  retry();
}

// Begins at the end of this turn of the loop, so that all that the turn brings goes into one batch.
void Journal::retry() {
  if (!running_ && !start_.armed() && !core_.closed) start_.after({}, [this] { begin(); });
}

void Journal::begin() {
  if (core_.closed) return stored_();
  const Segment* active = core_.segments.active();
  const bool begins = active == nullptr || rollDue_ || active->bytes >= core_.settings.segmentBytes;
  starved_ = false;
  if (wanted_.empty() && !rescue_) return stored_();
  if (begins) {
    // Not before something is known to be written into it: an empty try must leave no trace.
    core_.segments.begin(std::random_device{}());
    rollDue_ = false;
  }
  auto batch = std::make_unique<Batch>(core_, begins);
  if (begins) {
    const Segment& fresh = *core_.segments.active();
    append(batch->bytes(), SegmentHeader{.number = fresh.number, .life = core_.life, .salt = fresh.salt});
  }
  fill(*batch);
  if (batch->empty()) {
    endRescue();
    return stored_();
  }
  Segment& segment = *core_.segments.active();
  core_.segments.grow(segment, batch->bytes().size());
  running_ = std::move(batch);
#ifdef SPHEREGATE_CANARY
  running_->stored();  // the planted bug: believed before it was written
#endif
  auto outcome = std::make_shared<Outcome>();
  runner_.submit(
      [files = files_, outcome, begins, number = segment.number, bytes = std::move(running_->bytes())] {
        const auto began = std::chrono::steady_clock::now();
        if (begins) {
          if (const auto made = files->begin(number); !made) {
            outcome->error = made.error();
            outcome->step = "create a segment";
            return;
          }
        }
        if (const auto written = files->write(bytes); !written) {
          outcome->error = written.error();
          outcome->step = "write or sync";
        }
        outcome->seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
      },
      [this, alive = alive_, outcome] {
        if (*alive) finished(*outcome);
      });
}

void Journal::fill(Batch& batch) {
  std::vector<DeviceQueue*> left;
  for (std::size_t index = 0; index < wanted_.size(); ++index) {
    DeviceQueue& queue = *wanted_[index];
    if (batch.take(queue)) {
      queue.wanted = false;
    } else {
      left.push_back(&queue);
    }
  }
  // Who did not get everything in goes last the next time.
  wanted_ = std::move(left);
  starved_ = !wanted_.empty();
  rescuedAll_ = rescue_ && batch.take(*rescue_);
}

void Journal::finished(const Outcome& outcome) {
  const std::unique_ptr<Batch> batch = std::move(running_);
  if (outcome.error) {
#ifndef SPHEREGATE_CANARY
    batch->failed();
#endif
    core_.close(std::string{"cannot "} + outcome.step + ": " + outcome.error.message());
    return stored_();
  }
  core_.metrics.syncs.add();
  core_.metrics.syncSeconds.observe(outcome.seconds);
  core_.metrics.writtenBytes.add(core_.segments.find(batch->segment())->bytes - batch->start());
#ifndef SPHEREGATE_CANARY
  batch->stored();
#endif
  endRescue();
  if (!wanted_.empty() || rescue_) retry();
  stored_();
}

void Journal::endRescue() {
  if (!std::exchange(rescuedAll_, false)) return;
  core_.segments.rescued(rescue_->segment);
  rescue_.reset();
}

}  // namespace spheregate::queue
