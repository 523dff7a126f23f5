#include "fake_wire.hpp"

#include <algorithm>

namespace spheregate::simulation {
namespace {

constexpr base::Duration kLatencyMax = std::chrono::milliseconds{8};
// A side that sent nothing may not learn of a cut for this long; longer than any deadline that is being tested.
constexpr base::Duration kNoticeMax = std::chrono::minutes{3};

}  // namespace

class Connection::End final : public base::Wire {
 public:
  End(std::shared_ptr<Connection> connection, int side) : connection_{std::move(connection)}, side_{side} {}
  ~End() override {
    Side& mine = connection_->sides_[side_];
    mine.owned = false;
    mine.user = nullptr;
    if (!mine.closing) connection_->closeFrom(side_);
  }
  End(const End&) = delete;
  End& operator=(const End&) = delete;

  void attach(base::WireUser& user) override {
    connection_->sides_[side_].user = &user;
    wake();
  }
  base::Bytes& outbox() override { return connection_->sides_[side_].outbox; }
  void flush() override { connection_->flush(side_); }
  std::size_t backlog() const override { return connection_->sides_[side_].outbox.size(); }
  void pauseReading() override { connection_->sides_[side_].paused = true; }
  void resumeReading() override {
    connection_->sides_[side_].paused = false;
    wake();
  }
  void close() override {
    Side& mine = connection_->sides_[side_];
    if (mine.closing) return;
    connection_->send(side_);
    mine.closing = true;
    connection_->closeFrom(side_);
  }
  std::string_view peer() const override { return connection_->name_; }

 private:
  void wake() {
    connection_->world_.timers.at(connection_->world_.clock.now(), [connection = connection_, side = side_] { connection->deliver(side); });
  }

  std::shared_ptr<Connection> connection_;
  int side_;
};

std::pair<std::unique_ptr<base::Wire>, std::unique_ptr<base::Wire>> Connection::make(World& world, std::string name,
                                                                                    std::weak_ptr<Connection>* handle) {
  std::shared_ptr<Connection> connection{new Connection{world, std::move(name)}};
  if (handle != nullptr) *handle = connection;
  return {std::make_unique<End>(connection, 0), std::make_unique<End>(connection, 1)};
}

void Connection::cut() {
  if (dead_) return;
  dead_ = true;
  for (int side = 0; side < 2; ++side) {
    // Mostly noticed soon (a reset), sometimes only much later (a silent cut).
    const base::Duration wait = world_.chance(0.7) ? world_.upTo(std::chrono::milliseconds{50}) : world_.upTo(kNoticeMax);
    noticeAt(side, world_.clock.now() + wait);
  }
}

void Connection::flush(int from) {
  Side& mine = sides_[from];
  if (mine.flushing || mine.closing) return;
  mine.flushing = true;
  world_.timers.at(world_.clock.now(), [self = shared_from_this(), from] {
    self->sides_[from].flushing = false;
    self->send(from);
  });
}

void Connection::send(int from) {
  Side& mine = sides_[from];
  base::Bytes bytes;
  bytes.swap(mine.outbox);
  if (dead_ || mine.closing) return;
  Side& other = sides_[1 - from];
  std::size_t offset = 0;
  while (offset < bytes.size()) {
    // Pieces of every size, single bytes included.
    const std::size_t most = world_.chance(0.1) ? 3 : 4096;
    const std::size_t piece = std::min(bytes.size() - offset, static_cast<std::size_t>(1 + world_.below(most)));
    const auto first = bytes.begin() + static_cast<std::ptrdiff_t>(offset);
    base::Bytes part(first, first + static_cast<std::ptrdiff_t>(piece));
    offset += piece;
    other.lastArrival = std::max(other.lastArrival, world_.clock.now() + world_.upTo(kLatencyMax));
    world_.timers.at(other.lastArrival, [self = shared_from_this(), to = 1 - from, part = std::move(part)]() mutable {
      if (self->dead_) return;
      self->sides_[to].arrived.push_back(std::move(part));
      self->deliver(to);
    });
  }
}

void Connection::deliver(int to) {
  Side& side = sides_[to];
  while (side.user != nullptr && !side.closing && !side.paused && !side.arrived.empty()) {
    const base::Bytes bytes = std::move(side.arrived.front());
    side.arrived.pop_front();
    side.user->wireBytes(bytes);
  }
  if (side.gone && !side.told && !side.closing && side.user != nullptr && side.arrived.empty()) {
    side.told = true;
    side.user->wireClosed("the connection was closed");
  }
}

void Connection::closeFrom(int from) {
  if (dead_) return;
  const int to = 1 - from;
  // After everything that is on its way.
  noticeAt(to, std::max(sides_[to].lastArrival, world_.clock.now()) + world_.upTo(kLatencyMax));
}

void Connection::noticeAt(int side, base::MonoTime when) {
  world_.timers.at(when, [self = shared_from_this(), side] {
    self->sides_[side].gone = true;
    self->deliver(side);
  });
}

}  // namespace spheregate::simulation
