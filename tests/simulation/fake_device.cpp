#include "fake_device.hpp"

#include <utility>

#include "fake_hub.hpp"
#include "spheregate/hub/topics.hpp"
#include "spheregate/mqtt/encoder.hpp"

namespace spheregate::simulation {
namespace {

constexpr std::size_t kPacketBytesMax = 4096;
// A device gives up a connection on which nothing is acknowledged for so long.
constexpr base::Duration kPatience = std::chrono::seconds{60};

}  // namespace

FakeDevice::FakeDevice(World& world, std::string id, std::size_t window, Dial dial)
    : world_{world},
      id_{std::move(id)},
      window_{window},
      dial_{std::move(dial)},
      next_{world.timers},
      reconnect_{world.timers},
      patience_{world.timers} {
  reconnectLater();
}

FakeDevice::~FakeDevice() = default;

void FakeDevice::produce(std::uint64_t messages, base::Duration pauseMax) {
  wanted_ += messages;
  pauseMax_ = pauseMax;
  if (!next_.armed()) next_.after(world_.upTo(pauseMax_), [this] { produceOne(); });
}

void FakeDevice::cut() {
  if (const auto connection = connection_.lock()) connection->cut();
}

void FakeDevice::reconnectLater() {
  live_ = false;
  input_.clear();
  patience_.cancel();
  reconnect_.after(world_.upTo(std::chrono::seconds{2}), [this] { connect(); });
}

void FakeDevice::connect() {
  wire_ = dial_(id_, connection_);
  if (!wire_) return reconnectLater();
  mqtt::Connect packet;
  packet.clientId = id_;
  packet.cleanSession = false;
  packet.keepAliveSeconds = 60;
  const std::string username = "gateway.plant.example/" + id_ + "/?api-version=2021-04-12";
  packet.username = username;
  mqtt::appendConnect(wire_->outbox(), packet);
  wire_->flush();
  expectSomething();
  wire_->attach(*this);
}

void FakeDevice::expectSomething() {
  patience_.after(kPatience, [this] {
    wire_->close();
    reconnectLater();
  });
}

void FakeDevice::wireClosed(std::string_view) { reconnectLater(); }

void FakeDevice::wireBytes(base::ByteView bytes) {
  base::append(input_, bytes);
  std::size_t used = 0;
  mqtt::Frame frame;
  while (true) {
    const auto framing = mqtt::nextFrame(base::ByteView{input_}.subspan(used), kPacketBytesMax, frame);
    if (!framing) {
      ++violations_;
      break;
    }
    if (*framing == mqtt::Framing::incomplete) break;
    used += frame.size;
    handle(frame);
  }
  if (live_ && !unacknowledged_.empty()) expectSomething();
  input_.erase(input_.begin(), input_.begin() + static_cast<std::ptrdiff_t>(std::min(used, input_.size())));
}

void FakeDevice::handle(const mqtt::Frame& frame) {
  patience_.cancel();
  if (frame.type == mqtt::PacketType::connack) {
    const auto connack = mqtt::parseConnack(frame);
    if (!connack || connack->code != mqtt::ConnackCode::accepted) return;  // the gateway closes
    ++connects_;
    live_ = true;
    std::deque<Sent> again;
    again.swap(unacknowledged_);
    for (const Sent& sent : again) send(sent.number, true);
    if (!next_.armed() && produced_ < wanted_) produceOne();
    return;
  }
  const auto id = mqtt::parsePacketId(frame);
  if (!id || unacknowledged_.empty() || unacknowledged_.front().packetId != *id) {
    ++violations_;
    return;
  }
  acknowledged_ = unacknowledged_.front().number;
  unacknowledged_.pop_front();
  if (!next_.armed() && produced_ < wanted_) produceOne();
}

void FakeDevice::produceOne() {
  // A device without a connection, or with a full window, waits.
  if (!live_ || unacknowledged_.size() >= window_ || produced_ == wanted_) return;
  send(++produced_, false);
  if (produced_ < wanted_) next_.after(world_.upTo(pauseMax_), [this] { produceOne(); });
}

void FakeDevice::send(std::uint64_t number, bool dup) {
  lastPacketId_ = lastPacketId_ == 0xFFFF ? 1 : static_cast<mqtt::PacketId>(lastPacketId_ + 1);
  unacknowledged_.push_back({number, lastPacketId_});
  const std::string topic = hub::telemetryPrefix(id_) + suffixOf(number);
  const std::string payload = payloadOf(number);
  mqtt::appendPublish(wire_->outbox(), {.topic = topic,
                                        .payload = base::asBytes(payload),
                                        .packetId = lastPacketId_,
                                        .qos = 1,
                                        .dup = dup,
                                        .retain = false});
  wire_->flush();
  if (!patience_.armed()) expectSomething();
}

}  // namespace spheregate::simulation
