#pragma once

#include <cstddef>
#include <initializer_list>
#include <string_view>

#include "spheregate/base/bytes.hpp"
#include "spheregate/mqtt/packets.hpp"

// Each appends exactly one packet to `out`. Arguments are ours, so they are checked, not refused: strings and the password of at
// most 65535 bytes, packet ids and lists not empty, QoS at most 2. Views must not point into `out`, which may move.
namespace spheregate::mqtt {

void appendConnect(base::Bytes& out, const Connect& connect);
void appendConnack(base::Bytes& out, const Connack& connack);
void appendPublish(base::Bytes& out, const Publish& publish);
// The topic is given in parts (for example prefix and property bag), joined on the wire without a copy in between.
// `publish.topic` is ignored.
void appendPublish(base::Bytes& out, const Publish& publish, std::initializer_list<std::string_view> topicParts);
void appendPuback(base::Bytes& out, PacketId id);
void appendSubscribe(base::Bytes& out, const Subscribe& subscribe);
void appendSuback(base::Bytes& out, const Suback& suback);
void appendUnsubscribe(base::Bytes& out, const Unsubscribe& unsubscribe);
void appendUnsuback(base::Bytes& out, PacketId id);
void appendPingreq(base::Bytes& out);
void appendPingresp(base::Bytes& out);
void appendDisconnect(base::Bytes& out);

// Bytes of the PUBLISH that `appendPublish` would write.
std::size_t publishSize(std::size_t topicBytes, std::size_t payloadBytes, std::uint8_t qos);

}  // namespace spheregate::mqtt
