#pragma once

#include <sys/epoll.h>

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <chrono>
#include <cstdint>

#include "door_turn.hpp"

namespace spheregate::tls {

// Tells watchers that their sockets are ready: one level-triggered epoll set inside Asio's loop. Asio's own `async_wait` takes a
// system call, an allocation and a place in its queue for every event of every socket; here a whole set costs that once a turn,
// and a socket is re-registered only when what is waited for changes. One for each io_context, which it dies with.
class Poller : public boost::asio::execution_context::service {
 public:
  class Watcher {
   public:
    // EPOLL… bits; EPOLLERR and EPOLLHUP come unasked. The watcher may remove or destroy itself and others.
    virtual void ready(std::uint32_t events) = 0;

   protected:
    ~Watcher() = default;
  };

  static inline boost::asio::execution_context::id id;
  static Poller& of(boost::asio::io_context& loop) { return boost::asio::use_service<Poller>(loop); }

  explicit Poller(boost::asio::io_context& loop);
  ~Poller() override;

  void add(int descriptor, std::uint32_t events, Watcher& watcher);
  void change(int descriptor, std::uint32_t events, Watcher& watcher);
  // Nothing is told to the watcher any more, not even what has been found already.
  void remove(int descriptor, Watcher& watcher);

 protected:
  // Something is ready. Serves it, at once or later, and goes on.
  virtual void awoken();
  // Stops when so much time is over, but one socket is always served. Whether there are more; they are first the next time.
  bool serve(std::chrono::nanoseconds timeMax);
  void goOn();

 private:
  // A turn of the loop handles this many sockets, so that timers and other work are not kept waiting.
  static constexpr std::size_t kTurnMax = 64;

  void shutdown() override;
  void await();

  int set_;
  boost::asio::posix::stream_descriptor descriptor_;
  std::array<epoll_event, kTurnMax> found_{};
  std::size_t next_ = 0;
  std::size_t count_ = 0;
  std::size_t watched_ = 0;
  bool waiting_ = false;  // or serving
};

// The same for handshakes of devices: a set of their own, served as DoorTurn lets it.
class HandshakePoller final : public Poller {
 public:
  static inline boost::asio::execution_context::id id;
  static HandshakePoller& of(boost::asio::io_context& loop) { return boost::asio::use_service<HandshakePoller>(loop); }
  explicit HandshakePoller(boost::asio::io_context& loop);

 private:
  void awoken() override;

  DoorTurn& door_;
};

}  // namespace spheregate::tls
