#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <vector>

#include "delivery_book.hpp"
#include "tls_stream.hpp"

namespace spheregate::load {

// The hub's end: takes any MQTT client over TLS and acknowledges what it publishes, at once or after a delay.
class Sink final : public Loop::Source {
 public:
  // Port 0: any free one.
  Sink(Loop& loop, SSL_CTX* context, DeliveryBook& book, std::uint16_t port);
  Sink(const Sink&) = delete;
  Sink& operator=(const Sink&) = delete;
  ~Sink();

  std::uint16_t port() const;
  // Any thread. 0 also lets go of the acknowledgements that wait.
  void delayAcknowledgements(Nanoseconds delay) { delay_.store(delay, std::memory_order_relaxed); }
  std::uint64_t connects() const { return connects_.load(std::memory_order_relaxed); }
  std::uint64_t disconnects() const { return disconnects_.load(std::memory_order_relaxed); }

  // To be called in every turn of the loop.
  void tick();
  void ready(std::uint32_t events) override;

 private:
  class Connection final : public TlsStream::User {
   public:
    explicit Connection(Sink& sink) : stream{sink.loop_, *this}, sink_{sink} {}
    void opened() override {}
    std::size_t received(base::ByteView bytes) override;
    void closed(std::string_view reason) override;

    TlsStream stream;
    std::uint64_t opening = 0;  // tells one use of this object from the next

   private:
    void publish(std::uint8_t flags, base::ByteView body, Nanoseconds at);

    Sink& sink_;
  };
  struct Waiting {
    Nanoseconds due;
    Connection* connection;
    std::uint64_t opening;
    std::uint16_t packetId;
  };

  void acknowledge(Connection& connection, std::uint16_t packetId, Nanoseconds at);

  Loop& loop_;
  SSL_CTX* context_;
  DeliveryBook& book_;
  int listener_;
  std::deque<Connection> connections_;
  std::vector<Connection*> free_;
  std::deque<Waiting> waiting_;
  std::uint64_t openings_ = 0;
  std::atomic<Nanoseconds> delay_ = 0;
  std::atomic<std::uint64_t> connects_ = 0;
  std::atomic<std::uint64_t> disconnects_ = 0;
};

}  // namespace spheregate::load
