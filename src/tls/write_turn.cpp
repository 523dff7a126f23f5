#include "write_turn.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <utility>

namespace spheregate::tls {

WriteTurn::WriteTurn(boost::asio::io_context& loop) : boost::asio::execution_context::service{loop}, loop_{loop} {
  spares_.reserve(kSparesMax);
}

WriteTurn::~WriteTurn() = default;

void WriteTurn::add(Writer& writer) {
  if (writer.queued_) return;
  writer.queued_ = true;
  queue_.push_back(&writer);
  if (queue_.size() == 1) boost::asio::post(loop_, [this] { run(); });
}

// A place that becomes null stays in the queue, so that its turn is not posted twice.
void WriteTurn::remove(Writer& writer) {
  if (!writer.queued_) return;
  writer.queued_ = false;
  std::replace(queue_.begin(), queue_.end(), &writer, static_cast<Writer*>(nullptr));
  std::replace(running_.begin(), running_.end(), &writer, static_cast<Writer*>(nullptr));
}

void WriteTurn::run() {
  running_.swap(queue_);
  for (std::size_t index = 0; index < running_.size(); ++index) {
    Writer* writer = std::exchange(running_[index], nullptr);
    if (writer == nullptr) continue;
    writer->queued_ = false;
    writer->writeNow();
  }
  running_.clear();
}

base::Bytes WriteTurn::lend() {
  base::Bytes buffer;
  if (spares_.empty()) {
    buffer.reserve(kNewBytes);
  } else {
    buffer = std::move(spares_.back());
    spares_.pop_back();
  }
  return buffer;
}

void WriteTurn::giveBack(base::Bytes buffer) {
  if (buffer.capacity() == 0 || buffer.capacity() > kSpareBytesMax || spares_.size() >= kSparesMax) return;
  buffer.clear();
  spares_.push_back(std::move(buffer));
}

}  // namespace spheregate::tls
