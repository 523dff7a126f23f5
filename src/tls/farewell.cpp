#include "farewell.hpp"

#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <utility>

#include "limits.hpp"

namespace spheregate::tls {
namespace {

enum class Silence { ended, notYet };

Silence discard(int descriptor) {
  std::array<char, 4096> rubbish;
  // A peer that sends faster than this is heard again in the next turn.
  for (int round = 0; round < 4; ++round) {
    const auto size = ::recv(descriptor, rubbish.data(), rubbish.size(), 0);
    if (size > 0) continue;
    return size < 0 && (errno == EAGAIN || errno == EINTR) ? Silence::notYet : Silence::ended;
  }
  return Silence::notYet;
}

}  // namespace

void Farewell::bid(boost::asio::io_context& loop, Socket socket, std::shared_ptr<Seat> seat) {
  ::shutdown(socket.descriptor(), SHUT_WR);
  if (discard(socket.descriptor()) == Silence::ended) return;
  const auto farewell = std::make_shared<Farewell>(loop, std::move(socket), std::move(seat));
  if (farewell->seat_) {
    farewell->seat_->ifCrowded({.mayGo = nullptr, .leave = [weak = std::weak_ptr<Farewell>{farewell}] {
                                  if (const auto leaving = weak.lock()) leaving->leave();
                                }});
  }
  // The handler owns the farewell; the time being up, or the peer gone, frees it.
  farewell->timer_.async_wait([farewell](const boost::system::error_code&) {});
}

Farewell::Farewell(boost::asio::io_context& loop, Socket socket, std::shared_ptr<Seat> seat)
    : poller_{Poller::of(loop)}, socket_{std::move(socket)}, seat_{std::move(seat)}, timer_{loop, kFarewellMax} {
  poller_.add(socket_.descriptor(), EPOLLIN, *this);
}

Farewell::~Farewell() { hangUp(); }

void Farewell::ready(std::uint32_t events) {
  const bool broken = (events & (EPOLLERR | EPOLLHUP)) != 0;
  if (!broken && discard(socket_.descriptor()) == Silence::notYet) return;
  leave();
}

void Farewell::leave() {
  hangUp();
  timer_.cancel();
}

void Farewell::hangUp() {
  if (!socket_) return;
  poller_.remove(socket_.descriptor(), *this);
  socket_ = {};
  seat_.reset();
}

}  // namespace spheregate::tls
