#include "sink.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "spheregate/mqtt/decoder.hpp"
#include "spheregate/mqtt/encoder.hpp"

namespace spheregate::load {
namespace {

constexpr std::size_t kPacketBytesMax = 256 * 1024;

int listenOn(std::uint16_t port) {
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  const int yes = 1;
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 || listen(listener, SOMAXCONN) != 0)
    throw std::system_error(errno, std::generic_category(), "the sink cannot listen on port " + std::to_string(port));
  return listener;
}

}  // namespace

Sink::Sink(Loop& loop, SSL_CTX* context, DeliveryBook& book, std::uint16_t port)
    : loop_{loop}, context_{context}, book_{book}, listener_{listenOn(port)} {
  loop_.add(listener_, *this, EPOLLIN);
}

Sink::~Sink() { close(listener_); }

std::uint16_t Sink::port() const {
  sockaddr_in address{};
  socklen_t size = sizeof address;
  getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
  return ntohs(address.sin_port);
}

void Sink::ready(std::uint32_t) {
  for (;;) {
    const int descriptor = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (descriptor < 0) {
      if (errno == EMFILE || errno == ENFILE) throw std::system_error(errno, std::generic_category(), "the sink, accepting");
      return;
    }
    if (free_.empty()) free_.push_back(&connections_.emplace_back(*this));
    Connection& connection = *free_.back();
    free_.pop_back();
    connection.opening = ++openings_;
    connection.stream.accept(SslPointer{SSL_new(context_)}, descriptor);
  }
}

void Sink::tick() {
  if (waiting_.empty()) return;
  const bool all = delay_.load(std::memory_order_relaxed) == 0;
  const Nanoseconds at = now();
  while (!waiting_.empty() && (all || waiting_.front().due <= at)) {
    const Waiting first = waiting_.front();
    waiting_.pop_front();
    if (first.connection->opening != first.opening) continue;
    mqtt::appendPuback(first.connection->stream.outbox(), first.packetId);
    // One record for neighbours in the line that go to the same peer.
    if (waiting_.empty() || waiting_.front().connection != first.connection || (!all && waiting_.front().due > at))
      first.connection->stream.flush();
  }
}

void Sink::acknowledge(Connection& connection, std::uint16_t packetId, Nanoseconds at) {
  const Nanoseconds delay = delay_.load(std::memory_order_relaxed);
  if (delay == 0 && waiting_.empty())
    mqtt::appendPuback(connection.stream.outbox(), packetId);
  else
    waiting_.push_back({at + delay, &connection, connection.opening, packetId});
}

std::size_t Sink::Connection::received(base::ByteView bytes) {
  const Nanoseconds at = now();
  std::size_t used = 0;
  mqtt::Frame frame;
  for (;;) {
    const auto framing = mqtt::nextFrame(bytes.subspan(used), kPacketBytesMax, frame);
    if (!framing) {
      stream.close();
      closed("not MQTT");
      return used;
    }
    if (*framing == mqtt::Framing::incomplete) break;
    used += frame.size;
    switch (frame.type) {
      case mqtt::PacketType::publish:
        publish(frame.flags, frame.body, at);
        break;
      case mqtt::PacketType::connect:
        sink_.connects_.fetch_add(1, std::memory_order_relaxed);
        mqtt::appendConnack(stream.outbox(), {});
        break;
      case mqtt::PacketType::subscribe:
        if (const auto subscribe = mqtt::parseSubscribe(frame)) {
          mqtt::Suback suback{subscribe->packetId, {}};
          for (const auto& filter : subscribe->filters) suback.codes.push_back(filter.qos);
          mqtt::appendSuback(stream.outbox(), suback);
        }
        break;
      case mqtt::PacketType::unsubscribe:
        if (const auto unsubscribe = mqtt::parseUnsubscribe(frame)) mqtt::appendUnsuback(stream.outbox(), unsubscribe->packetId);
        break;
      case mqtt::PacketType::pingreq:
        mqtt::appendPingresp(stream.outbox());
        break;
      default:
        break;
    }
  }
  stream.flush();
  return used;
}

// Parsed by hand: strings need no UTF-8 check here, and this is the generator's innermost loop.
void Sink::Connection::publish(std::uint8_t flags, base::ByteView body, Nanoseconds at) {
  const bool acknowledged = (flags & 0x06) != 0;
  if (body.size() < 2) return;
  const std::size_t topicBytes = static_cast<std::size_t>(body[0] << 8 | body[1]);
  const std::size_t payloadAt = 2 + topicBytes + (acknowledged ? 2 : 0);
  if (body.size() < payloadAt) return;
  sink_.book_.arrived(base::asText(body.subspan(2, topicBytes)), body.subspan(payloadAt), at);
  if (!acknowledged) return;
  sink_.acknowledge(*this, static_cast<std::uint16_t>(body[payloadAt - 2] << 8 | body[payloadAt - 1]), at);
}

void Sink::Connection::closed(std::string_view) {
  opening = 0;
  sink_.disconnects_.fetch_add(1, std::memory_order_relaxed);
  sink_.free_.push_back(this);
}

}  // namespace spheregate::load
