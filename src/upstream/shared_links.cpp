#include "spheregate/upstream/shared_links.hpp"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "shared_link.hpp"
#include "spheregate/base/check.hpp"
#include "spheregate/base/log.hpp"
#include "spheregate/hub/property_bag.hpp"
#include "spheregate/hub/topics.hpp"
#include "spheregate/upstream/origin.hpp"

namespace spheregate::upstream {
namespace {

// Unacknowledged messages of all devices. Paho searches its list of them for each that it sends: 63,000 a second with 100 in flight and a
// hub next door, 53,000 with 500, 28,000 with 1,000, 15,000 with 8,000. A hub that is far away wants many.
constexpr std::size_t kInFlightMax = 500;
constexpr std::size_t kBytesInFlightMax = 8u << 20;
// Messages of one device in a turn.
constexpr std::size_t kTurn = 8;
constexpr std::chrono::minutes kSweep{1};
// Whose message the connection ended on begins so much later on the next, for each time, so that the others get through before.
constexpr std::chrono::seconds kStrikeWait{1};
constexpr unsigned kStrikesMax = 10;
// An acknowledgement so long after it began clears it.
constexpr std::chrono::seconds kProbation{10};
constexpr unsigned kStrikesTold = 4;

}  // namespace

SharedLinks::SharedLinks(GatewayLink& gateway, KeptMessages& kept, const Settings& settings, base::Timers& timers)
    : gateway_{gateway}, kept_{kept}, settings_{settings}, timers_{timers}, service_{timers}, rising_{timers}, sweep_{timers} {
  gateway_.add(*this);
}

SharedLinks::~SharedLinks() { SPHEREGATE_CHECK(links_.empty()); }

std::unique_ptr<Link> SharedLinks::make(std::string deviceId, LinkUser& user) {
  auto link = std::make_unique<SharedLink>(*this, std::move(deviceId), user);
  links_.emplace(link->deviceId_, link.get());
  return link;
}

void SharedLinks::leave(SharedLink& link) {
  links_.erase(link.deviceId_);
  std::erase(waiting_, &link);
}

std::optional<Objection> SharedLinks::objection(std::string_view deviceId, std::string_view suffix, std::size_t payloadBytes) const {
  return originObjection(deviceId, suffix, payloadBytes);
}

// Tells links that were opened while the connection stands; not inside `open`.
void SharedLinks::rise() {
  rising_.after({}, [this] { tellRisen(); });
}

void SharedLinks::tellRisen() {
  const base::MonoTime now = timers_.now();
  std::optional<base::MonoTime> next;
  std::vector<SharedLink*> all;
  for (const auto& entry : links_) all.push_back(entry.second);
  for (SharedLink* link : all) {
    if (!gateway_.up()) return;
    if (!link->wanted_ || link->told_) continue;
    if (link->notBefore_ > now) {
      next = std::min(next.value_or(link->notBefore_), link->notBefore_);
      continue;
    }
    link->told_ = true;
    link->user_.linkUp(*link);
  }
  if (next && gateway_.up() && !rising_.armed()) rising_.at(*next, [this] { tellRisen(); });
}

// IoT Hub takes and acknowledges in order, so what stands first is what it closed on, if it closed on a message. Whoever sends such
// messages without end must not keep the others from the hub.
void SharedLinks::blame() {
  if (flights_.empty() || flights_.front().link == nullptr) return;
  SharedLink& link = *flights_.front().link;
  link.strikes_ = std::min(link.strikes_ + 1, kStrikesMax);
  if (link.strikes_ != kStrikesTold) return;
  base::logWarn("the shared connection ends on one device", {{"device", link.deviceId_},
                                                             {"consequence", "its messages wait until the others' are through"},
                                                             {"fix", "see what it sends; refuse it with the deny list"}});
}

void SharedLinks::gatewayUp() {
  for (const auto& [id, link] : links_) link->notBefore_ = timers_.now() + link->strikes_ * kStrikeWait;
  rise();
  hearArrivals();
  askForCloudMessages();
}

void SharedLinks::gatewayDown(std::string_view reason) {
  blame();
  firstFlight_ += flights_.size();
  flights_.clear();
  inFlight_ = bytesInFlight_ = 0;
  std::vector<SharedLink*> all;
  waiting_.clear();
  for (const auto& [id, link] : links_) {
    link->inLine_ = link->told_ = false;
    link->inFlight_ = link->turnsLeft_ = 0;
    if (link->wanted_) all.push_back(link);
  }
  for (SharedLink* link : all) link->user_.linkDown(*link, reason);
}

bool SharedLinks::crowded() const { return inFlight_ >= kInFlightMax || bytesInFlight_ >= kBytesInFlightMax; }

// Who asks and gets nothing because of others has its turn later.
std::size_t SharedLinks::room(SharedLink& link) {
  if (!link.told_ || !gateway_.up()) return 0;
  const std::size_t own = settings_.inflightPerDevice - std::min(settings_.inflightPerDevice, link.inFlight_);
  if (own == 0) return 0;
  const bool served = serving_ == &link;
  if (crowded() || (served ? turnsLeft_ == 0 : !waiting_.empty())) {
    if (served) link.turnsLeft_ = turnsLeft_;
    lineUp(link);
    return 0;
  }
  const std::size_t all = kInFlightMax - inFlight_;
  return std::min(own, served ? std::min(all, turnsLeft_) : all);
}

void SharedLinks::lineUp(SharedLink& link) {
  if (!std::exchange(link.inLine_, true)) {
    // Whose turn was cut short goes on with it.
    if (link.turnsLeft_ > 0) {
      waiting_.push_front(&link);
    } else {
      waiting_.push_back(&link);
    }
  }
  // What comes at once is served at once; one timer for all that an instant brings.
  if (!crowded() && !service_.armed()) service_.after({}, [this] { serve(); });
}

void SharedLinks::serve() {
  // Nobody is served twice, so that the loop breathes.
  for (std::size_t turns = waiting_.size(); turns > 0 && !waiting_.empty() && !crowded() && gateway_.up(); --turns) {
    SharedLink& link = *waiting_.front();
    waiting_.pop_front();
    link.inLine_ = false;
    serving_ = &link;
    turnsLeft_ = std::exchange(link.turnsLeft_, 0);
    if (turnsLeft_ == 0) turnsLeft_ = kTurn;
    link.user_.linkRoom(link);
    serving_ = nullptr;
  }
  if (!waiting_.empty() && !crowded() && gateway_.up()) service_.after({}, [this] { serve(); });
}

void SharedLinks::publish(SharedLink& link, std::string_view suffix, base::ByteView payload, bool retain, std::uint64_t token) {
  SPHEREGATE_CHECK(gateway_.up());
  if (serving_ == &link && turnsLeft_ > 0) --turnsLeft_;
  std::string topic = hub::telemetryPrefix(gateway_.deviceId());
  topic += hub::withProperty(suffix, kOriginKey, link.deviceId_);
  flights_.push_back({.link = &link, .token = token, .bytes = topic.size() + payload.size(), .landed = false});
  ++inFlight_;
  ++link.inFlight_;
  bytesInFlight_ += flights_.back().bytes;
  gateway_.publish(*this, firstFlight_ + flights_.size() - 1, std::move(topic), {payload.begin(), payload.end()}, retain);
}

void SharedLinks::gatewayAcknowledged(std::uint64_t number) {
  if (number < firstFlight_ || number - firstFlight_ >= flights_.size()) return;
  Flight& flight = flights_[static_cast<std::size_t>(number - firstFlight_)];
  if (std::exchange(flight.landed, true)) return;
  --inFlight_;
  bytesInFlight_ -= flight.bytes;
  const Flight landed = flight;
  for (; !flights_.empty() && flights_.front().landed; ++firstFlight_) flights_.pop_front();
  if (landed.link) {
    --landed.link->inFlight_;
    if (timers_.now() - landed.link->notBefore_ > kProbation) landed.link->strikes_ = 0;
    landed.link->user_.linkAcknowledged(*landed.link, landed.token);
    lineUp(*landed.link);
  } else if (!waiting_.empty()) {
    lineUp(*waiting_.front());
  }
}

void SharedLinks::forgetFlights(const SharedLink& link) {
  for (Flight& flight : flights_) {
    if (flight.link == &link) flight.link = nullptr;
  }
}

void SharedLinks::gatewayMessage(const ControlMessage& message) {
  if (message.qos > 0) hearArrivals();
}

void SharedLinks::hearArrivals() {
  for (const std::string& deviceId : kept_.arrivals()) {
    const auto known = links_.find(deviceId);
    if (known != links_.end()) known->second->deliverSoon();
  }
  askForCloudMessages();
}

// While there is no room, the hub keeps them.
void SharedLinks::askForCloudMessages() {
  if (!sweep_.armed()) {
    sweep_.after(kSweep, [this] {
      kept_.forgetExpired();
      askForCloudMessages();
    });
  }
  if (gateway_.deviceId().empty()) return;
  const std::string filter = hub::cloudToDeviceFilter(gateway_.deviceId());
  if (kept_.full() == !gateway_.follows(filter)) return;
  if (!kept_.full()) return gateway_.follow(filter, 1);
  gateway_.unfollow(filter);
  base::logWarn("cloud messages not taken", {{"kept", kept_.size()}, {"fix", "bring the devices that do not come back, or let messages expire sooner"}});
}

}  // namespace spheregate::upstream
