#include <algorithm>

#include "spheregate/base/check.hpp"
#include "spheregate/mqtt/decoder.hpp"
#include "spheregate/mqtt/encoder.hpp"
#include "spheregate/mqtt/topics.hpp"

// The input is a stream from a peer. Whatever parses must obey the rules its type promises, and must come back the same when it
// is written and parsed again.
namespace spheregate::mqtt {
namespace {

constexpr std::size_t kPacketBytesMax = 64 * 1024;

bool sameBytes(base::ByteView one, base::ByteView other) {
  return std::equal(one.begin(), one.end(), other.begin(), other.end());
}

Frame frameIn(base::ByteView bytes) {
  Frame frame;
  const auto found = nextFrame(bytes, kPacketBytesMax, frame);
  SPHEREGATE_CHECK(found && *found == Framing::complete);
  SPHEREGATE_CHECK(frame.size == bytes.size());
  return frame;
}

void checkConnect(const Frame& frame) {
  const auto read = parseConnect(frame);
  if (!read) return;
  SPHEREGATE_CHECK(validString(read->clientId) && validString(read->username.value_or("")));
  SPHEREGATE_CHECK(read->username || !read->password);
  base::Bytes bytes;
  appendConnect(bytes, *read);
  const auto again = parseConnect(frameIn(bytes));
  SPHEREGATE_CHECK(again && again->clientId == read->clientId && again->cleanSession == read->cleanSession);
  SPHEREGATE_CHECK(again->keepAliveSeconds == read->keepAliveSeconds && again->username == read->username);
  SPHEREGATE_CHECK(again->password.has_value() == read->password.has_value());
  if (read->password) SPHEREGATE_CHECK(sameBytes(*again->password, *read->password));
  SPHEREGATE_CHECK(again->will.has_value() == read->will.has_value());
  if (!read->will) return;
  SPHEREGATE_CHECK(validString(read->will->topic) && validTopicName(read->will->topic));
  SPHEREGATE_CHECK(again->will->topic == read->will->topic && again->will->qos == read->will->qos);
  SPHEREGATE_CHECK(again->will->retain == read->will->retain && sameBytes(again->will->payload, read->will->payload));
}

void checkConnack(const Frame& frame) {
  const auto read = parseConnack(frame);
  if (!read) return;
  base::Bytes bytes;
  appendConnack(bytes, *read);
  const auto again = parseConnack(frameIn(bytes));
  SPHEREGATE_CHECK(again && again->code == read->code && again->sessionPresent == read->sessionPresent);
}

void checkPublish(const Frame& frame) {
  const auto read = parsePublish(frame);
  if (!read) return;
  SPHEREGATE_CHECK(validString(read->topic) && validTopicName(read->topic));
  SPHEREGATE_CHECK(read->qos <= 2 && (read->packetId != 0) == (read->qos > 0));
  SPHEREGATE_CHECK(matches(read->topic, read->topic));
  SPHEREGATE_CHECK(matches("#", read->topic) == (read->topic.front() != '$'));
  base::Bytes bytes;
  const std::size_t half = read->topic.size() / 2;
  appendPublish(bytes, *read, {read->topic.substr(0, half), read->topic.substr(half)});
  SPHEREGATE_CHECK(bytes.size() == publishSize(read->topic.size(), read->payload.size(), read->qos));
  const auto again = parsePublish(frameIn(bytes));
  SPHEREGATE_CHECK(again && again->topic == read->topic && again->packetId == read->packetId);
  SPHEREGATE_CHECK(again->qos == read->qos && again->dup == read->dup && again->retain == read->retain);
  SPHEREGATE_CHECK(sameBytes(again->payload, read->payload));
}

void checkSubscribe(const Frame& frame) {
  const auto read = parseSubscribe(frame);
  if (!read) return;
  SPHEREGATE_CHECK(read->packetId != 0 && !read->filters.empty());
  for (const Filter& filter : read->filters) {
    SPHEREGATE_CHECK(validString(filter.filter) && validTopicFilter(filter.filter) && filter.qos <= 2);
    (void)matches(filter.filter, "$iothub/twin/res/200/");
    if (validTopicName(filter.filter)) SPHEREGATE_CHECK(matches(filter.filter, filter.filter));
  }
  base::Bytes bytes;
  appendSubscribe(bytes, *read);
  const auto again = parseSubscribe(frameIn(bytes));
  SPHEREGATE_CHECK(again && again->packetId == read->packetId);
  SPHEREGATE_CHECK(
      std::equal(again->filters.begin(), again->filters.end(), read->filters.begin(), read->filters.end(),
                 [](const Filter& one, const Filter& other) { return one.filter == other.filter && one.qos == other.qos; }));
}

void checkSuback(const Frame& frame) {
  const auto read = parseSuback(frame);
  if (!read) return;
  base::Bytes bytes;
  appendSuback(bytes, *read);
  const auto again = parseSuback(frameIn(bytes));
  SPHEREGATE_CHECK(again && again->packetId == read->packetId && again->codes == read->codes);
}

void checkUnsubscribe(const Frame& frame) {
  const auto read = parseUnsubscribe(frame);
  if (!read) return;
  base::Bytes bytes;
  appendUnsubscribe(bytes, *read);
  const auto again = parseUnsubscribe(frameIn(bytes));
  SPHEREGATE_CHECK(again && again->packetId == read->packetId && again->filters == read->filters);
}

void checkPacketId(const Frame& frame) {
  const auto read = parsePacketId(frame);
  if (!read) return;
  SPHEREGATE_CHECK(*read != 0 && frame.body.size() == 2);
  base::Bytes bytes;
  if (frame.type == PacketType::puback) appendPuback(bytes, *read);
  if (frame.type == PacketType::unsuback) appendUnsuback(bytes, *read);
  if (!bytes.empty()) SPHEREGATE_CHECK(*parsePacketId(frameIn(bytes)) == *read);
}

// A peer's frame reaches the parser of its type; the others must refuse it, not misread it.
void checkFrame(const Frame& frame) {
  checkConnect(frame);
  checkConnack(frame);
  checkPublish(frame);
  checkSubscribe(frame);
  checkSuback(frame);
  checkUnsubscribe(frame);
  checkPacketId(frame);
  if (parseEmpty(frame)) SPHEREGATE_CHECK(frame.body.empty());
}

}  // namespace
}  // namespace spheregate::mqtt

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace spheregate;
  base::ByteView stream{data, size};
  while (true) {
    mqtt::Frame frame;
    const auto found = mqtt::nextFrame(stream, mqtt::kPacketBytesMax, frame);
    if (!found || *found == mqtt::Framing::incomplete) return 0;
    SPHEREGATE_CHECK(frame.size >= 2 && frame.size <= stream.size() && frame.size <= mqtt::kPacketBytesMax);
    SPHEREGATE_CHECK(frame.body.data() + frame.body.size() == stream.data() + frame.size);
    // A copy of its own size, so that a sanitizer sees the first byte read beyond the packet.
    const base::Bytes alone(stream.begin(), stream.begin() + static_cast<std::ptrdiff_t>(frame.size));
    const auto torn = mqtt::nextFrame(base::ByteView{alone}.first(frame.size - 1), mqtt::kPacketBytesMax, frame);
    SPHEREGATE_CHECK(torn && *torn == mqtt::Framing::incomplete);
    mqtt::checkFrame(mqtt::frameIn(alone));
    stream = stream.subspan(alone.size());
  }
}
