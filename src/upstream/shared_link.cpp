#include "shared_link.hpp"

#include <utility>

#include "spheregate/hub/topics.hpp"

namespace spheregate::upstream {
namespace {

// Messages with a device at one time; the next follows an acknowledgement.
constexpr std::size_t kWithDeviceMax = 8;
// After so long without an acknowledgement a message is handed over again, as IoT Hub does it.
constexpr base::Duration kLock = std::chrono::seconds{60};

mqtt::PacketId packetIdOf(std::uint64_t number) { return static_cast<mqtt::PacketId>(number % 65'535 + 1); }

}  // namespace

SharedLink::SharedLink(SharedLinks& links, std::string deviceId, LinkUser& user)
    : links_{links}, deviceId_{std::move(deviceId)}, user_{user}, delivery_{links.timers_}, lock_{links.timers_} {}

SharedLink::~SharedLink() {
  close();
  links_.leave(*this);
}

void SharedLink::open(std::string_view) {
  if (std::exchange(wanted_, true)) return;
  links_.rise();
}

void SharedLink::close() {
  wanted_ = told_ = false;
  if (inFlight_ > 0) links_.forgetFlights(*this);
  inFlight_ = 0;
}

Link::State SharedLink::state() const {
  if (!wanted_) return State::closed;
  const State state = links_.gateway_.state();
  // Its user hears of it in a moment.
  return state == State::up && !told_ ? State::connecting : state;
}

void SharedLink::publish(std::string_view, std::string_view suffix, base::ByteView payload, bool retain, bool, std::uint64_t token) {
  links_.publish(*this, suffix, payload, retain, token);
}

void SharedLink::follow(std::string_view filter, std::uint8_t qos) {
  followed_.emplace(filter);
  if (hub::classifyFilter(filter, deviceId_) != hub::FilterKind::cloudToDevice) return;
  qos_ = qos;
  if (!std::exchange(listening_, true)) deliverSoon();
}

void SharedLink::unfollow(std::string_view filter) {
  if (const auto known = followed_.find(filter); known != followed_.end()) followed_.erase(known);
  if (hub::classifyFilter(filter, deviceId_) != hub::FilterKind::cloudToDevice) return;
  listening_ = false;
  lastHanded_ = 0;
  withDevice_.clear();
  lock_.cancel();
}

void SharedLink::deliverSoon() {
  if (listening_ && !delivery_.armed()) delivery_.after({}, [this] { deliver(); });
}

void SharedLink::deliver() {
  while (listening_ && withDevice_.size() < kWithDeviceMax) {
    const auto message = links_.kept_.next(deviceId_, lastHanded_);
    if (!message || !hand(*message)) break;
  }
  if (!withDevice_.empty() && !lock_.armed()) lock_.after(kLock, [this] { handAgain(); });
}

bool SharedLink::hand(const KeptMessage& message) {
  const mqtt::PacketId id = packetIdOf(message.number);
  if (qos_ > 0 && !withDevice_.emplace(id, message.number).second) return false;
  lastHanded_ = message.number;
  const std::string topic = "devices/" + deviceId_ + "/messages/devicebound" + message.suffix;
  links_.kept_.handed(deviceId_, message.number);
  user_.linkMessage(*this, {.topic = topic,
                            .payload = message.payload,
                            .packetId = qos_ > 0 ? id : mqtt::PacketId{0},
                            .qos = qos_,
                            .dup = qos_ > 0 && message.handed,
                            .retain = false});
  // Who wants QoS 0 gets it once.
  if (qos_ == 0) links_.kept_.done(deviceId_, message.number);
  return true;
}

void SharedLink::handAgain() {
  lastHanded_ = 0;
  withDevice_.clear();
  deliver();
}

void SharedLink::acknowledge(std::uint64_t, mqtt::PacketId id) {
  const auto known = withDevice_.find(id);
  if (known == withDevice_.end()) return;
  links_.kept_.done(deviceId_, known->second);
  withDevice_.erase(known);
  if (withDevice_.empty()) lock_.cancel();
  links_.askForCloudMessages();
  deliverSoon();
}

}  // namespace spheregate::upstream
