#include "device.hpp"

#include "payload.hpp"
#include "spheregate/mqtt/decoder.hpp"
#include "spheregate/mqtt/encoder.hpp"

namespace spheregate::load {
namespace {

constexpr std::size_t kPacketBytesMax = 64 * 1024;
constexpr std::uint16_t kKeepAliveSeconds = 1200;

}  // namespace

std::string Device::topicOf(std::string_view id) { return "devices/" + std::string{id} + "/messages/events/"; }

Device::Device(Loop& loop, DeviceHost& host, const DeviceCertificates& certificates, std::uint32_t index,
               const DeviceSettings& settings)
    : host_{host}, certificates_{certificates}, index_{index}, settings_{settings}, stream_{loop, *this} {
  const std::string topic = topicOf(certificates.id(index));
  const base::Bytes payload(settings.payloadBytes, std::uint8_t{'.'});
  mqtt::Publish publish;
  publish.topic = topic;
  publish.payload = payload;
  publish.packetId = 1;
  publish.qos = 1;
  mqtt::appendPublish(message_, publish);
  stampAt_ = message_.size() - payload.size();
  packetIdAt_ = stampAt_ - 2;
}

void Device::connect() { stream_.connect(certificates_.open(index_), settings_.port); }

void Device::disconnect() {
  mqtt::appendDisconnect(stream_.outbox());
  stream_.close();
}

void Device::publish(Nanoseconds born) {
  if (++packetId_ == 0) packetId_ = 1;
  message_[packetIdAt_] = static_cast<std::uint8_t>(packetId_ >> 8);
  message_[packetIdAt_ + 1] = static_cast<std::uint8_t>(packetId_);
  writeStamp(message_.data() + stampAt_, {.born = born, .sequence = sent_, .device = index_});
  base::append(stream_.outbox(), message_);
  ++sent_;
}

void Device::opened() {
  const std::string& id = certificates_.id(index_);
  const std::string username = "gateway.plant.example/" + id + "/?api-version=2021-04-12";
  mqtt::Connect connect;
  connect.clientId = id;
  connect.keepAliveSeconds = kKeepAliveSeconds;
  connect.username = username;
  mqtt::appendConnect(stream_.outbox(), connect);
  stream_.flush();
}

std::size_t Device::received(base::ByteView bytes) {
  std::size_t used = 0;
  unsigned acks = 0;
  mqtt::Frame frame;
  for (;;) {
    const auto framing = mqtt::nextFrame(bytes.subspan(used), kPacketBytesMax, frame);
    if (!framing) {
      stream_.close();
      host_.lost(*this, "the peer sent something that is not MQTT");
      return used;
    }
    if (*framing == mqtt::Framing::incomplete) break;
    used += frame.size;
    if (frame.type == mqtt::PacketType::puback) {
      ++acks;
    } else if (frame.type == mqtt::PacketType::connack) {
      const auto connack = mqtt::parseConnack(frame);
      if (connack && connack->code == mqtt::ConnackCode::accepted) {
        host_.connected(*this);
      } else {
        stream_.close();
        host_.lost(*this, connack ? "CONNACK " + std::to_string(static_cast<int>(connack->code)) : "a malformed CONNACK");
      }
      if (!stream_.isOpen()) return used;
    }
  }
  acked_ += acks;
  if (acks != 0) host_.acknowledged(*this, acks);
  return used;
}

void Device::closed(std::string_view reason) { host_.lost(*this, reason); }

}  // namespace spheregate::load
