#include "spheregate/relay/front.hpp"

#include <algorithm>
#include <chrono>
#include <unordered_set>
#include <utility>

#include "front_metrics.hpp"
#include "front_parts.hpp"
#include "spheregate/base/check.hpp"
#include "spheregate/base/log.hpp"
#include "spheregate/base/utf8.hpp"
#include "spheregate/hub/topics.hpp"
#include "spheregate/hub/twin_patch.hpp"
#include "spheregate/mqtt/topics.hpp"

namespace spheregate::relay {
namespace {

using session::PublishAnswer;

// Enough to see why one comes and goes; then the counters tell.
constexpr unsigned kRefusalsBurst = 1;
constexpr unsigned kVisitsBurst = 10;
constexpr base::Duration kQuiet = std::chrono::minutes{1};
constexpr std::size_t kNamesRememberedMax = 10'000;

// The gateway sends a patch on with a $rid of its own, and a topic ends at 64 KB.
constexpr std::size_t kPatchQueryBytesMax = 4096;
// Reads are kept while the hub is away, and the answer's topic is a little longer than theirs. SDKs need some forty bytes.
constexpr std::size_t kReadQueryBytesMax = 1024;
// What a read carries means nothing to the hub: the C SDK sends a blank.
constexpr std::size_t kReadPayloadBytesMax = 16;

bool twinOrMethod(hub::PublishKind kind) {
  return kind == hub::PublishKind::twinGet || kind == hub::PublishKind::twinReported || kind == hub::PublishKind::methodResponse;
}

}  // namespace

Front::Front(const session::Settings& settings, queue::Custody& custody, Uplink& uplink, state::Store& state, base::Timers& timers,
             metrics::Registry& metrics)
    : settings_{settings}, custody_{custody}, uplink_{uplink}, timers_{timers}, metrics_{metrics}, burial_{timers},
      sessions_{std::make_unique<Sessions>(state, timers, metrics)},
      refusals_{kRefusalsBurst, kQuiet, kNamesRememberedMax},
      visits_{kVisitsBurst, kQuiet, kNamesRememberedMax},
      counts_{std::make_unique<FrontMetrics>(metrics)} {
  metrics::Gauge& connected = metrics.gauge("devices_connected", "Devices connected now.");
  metrics::Gauge& held = metrics.gauge("devices_held", "Devices that get no PUBACK now, because there is no room for their messages.");
  metrics.beforeScrape([this, &connected, &held] {
    connected.set(static_cast<double>(connected_));
    held.set(static_cast<double>(devicesHeld()));
    showDevicesByCa();
  });
}

// CAs that have no device connected any more stay, with 0: that is when the operator may remove one.
void Front::showDevicesByCa() {
  for (const auto& [ca, count] : devicesByCa_) {
    metrics_.gauge("devices_by_ca", "Devices connected now, by the SHA-256 of the tenant CA that vouched for them.", {{"ca", ca}})
        .set(static_cast<double>(count));
  }
}

std::size_t Front::devicesHeld() const {
  return static_cast<std::size_t>(std::count_if(guests_.begin(), guests_.end(), [](const auto& entry) { return entry.second->held; }));
}

Front::~Front() = default;

void Front::welcome(std::unique_ptr<base::Wire> wire, std::shared_ptr<const tls::Verdict> verdict) {
  if (stopping_) return;
  std::size_t& unfinished = unfinished_[verdict->deviceId];
  if (unfinished >= kUnfinishedMax) return turnAway(*wire, *verdict);
  ++unfinished;
  auto newcomer = std::make_unique<Guest>();
  newcomer->verdict = std::move(verdict);
  newcomer->conversation =
      std::make_unique<session::Conversation>(std::move(wire), newcomer->verdict->deviceId, nextGuest_++, settings_, timers_, *this);
  session::Conversation& conversation = *newcomer->conversation;
  guests_.emplace(conversation.number(), std::move(newcomer));
  conversation.start();
}

void Front::shutDown() {
  stopping_ = true;
  endAll("the gateway stops");
}

void Front::endDenied(const std::vector<std::string>& ids) {
  constexpr const char* reason = "the device is on the deny list";
  const std::unordered_set<std::string_view> denied{ids.begin(), ids.end()};
  endThose(
      [&](const Guest& guest) {
        if (!denied.contains(guest.conversation->certifiedId())) return false;
        note(Deed::session, "denied", reason, "take the device off the deny list to let it in again", guest.conversation->peer(), *guest.verdict);
        return true;
      },
      session::Ending::forbidden, reason);
}

void Front::endAll(std::string_view detail) {
  endThose([](const Guest&) { return true; }, session::Ending::shutDown, detail);
}

void Front::endThose(const std::function<bool(const Guest&)>& those, session::Ending ending, std::string_view detail) {
  std::vector<std::uint64_t> numbers;
  for (const auto& entry : guests_) {
    if (those(*entry.second)) numbers.push_back(entry.first);
  }
  for (const std::uint64_t number : numbers) {
    const auto entry = guests_.find(number);
    if (entry != guests_.end()) entry->second->conversation->end(ending, detail);
  }
}

PublishAnswer Front::published(session::Conversation& conversation, const mqtt::Publish& publish) {
  const hub::PublishTopic topic = hub::classifyPublish(publish.topic, conversation.certifiedId());
  if (twinOrMethod(topic.kind) && !uplink_.links().twinsAndMethods()) {
    // As at a hub to whose answers nobody has subscribed.
    counts_->publishesIgnored.add();
    return {.kind = PublishAnswer::Kind::acknowledge};
  }
  switch (topic.kind) {
    case hub::PublishKind::telemetry: return takeTelemetry(guest(conversation), publish, topic.suffix);
    case hub::PublishKind::otherDevice: return forbidTopic(conversation, publish.topic);
    case hub::PublishKind::unknown:
      // A method's answer whose status is no number fails for the caller alone.
      if (!publish.topic.starts_with(hub::kMethodResponseTopic)) {
        return forbidTopic(conversation, publish.topic);
      }
      uplink_.replyToMethod(*guest(conversation).device, publish.topic, {}, publish.payload);
      break;
    case hub::PublishKind::twinGet: return takeRead(guest(conversation), publish, topic);
    case hub::PublishKind::twinReported: return takePatch(guest(conversation), publish, topic);
    case hub::PublishKind::methodResponse:
      uplink_.replyToMethod(*guest(conversation).device, publish.topic, topic.rid, publish.payload);
      break;
  }
  return {.kind = PublishAnswer::Kind::acknowledge};
}

// As at the hub, nobody answers a read whose request id is beyond measure.
PublishAnswer Front::takeRead(Guest& sender, const mqtt::Publish& publish, const hub::PublishTopic& topic) {
  if (topic.query.size() > kReadQueryBytesMax) {
    counts_->readsRefused.add();
  } else {
    const bool carried = publish.payload.size() <= kReadPayloadBytesMax;
    uplink_.requestTwin(*sender.device, publish.topic, topic.rid, carried ? publish.payload : base::ByteView{});
  }
  return {.kind = PublishAnswer::Kind::acknowledge};
}

// What the hub would refuse is refused here, because later nobody would be there to hear it.
PublishAnswer Front::takePatch(Guest& sender, const mqtt::Publish& publish, const hub::PublishTopic& topic) {
  auto fault = hub::reportedPatchFault(base::asText(publish.payload));
  if (topic.query.size() > kPatchQueryBytesMax) fault = "the query of its topic is too long";
  if (!fault) return answerOf(sender, uplink_.takePatch(*sender.device, topic.query, topic.rid, publish.payload), 1);
  counts_->patchesRefused.add();
  const std::string id{sender.conversation->certifiedId()};
  if (const auto before = refusals_.pass("patch " + id, timers_.now())) {
    base::logInfo("twin patch refused", {{"device", id}, {"reason", *fault}, base::moreBefore(*before)});
  }
  if (!topic.rid.empty()) {
    const std::string answer = "$iothub/twin/res/400/?$rid=" + std::string{topic.rid};
    const std::string body = "{\"errorCode\":400004,\"message\":\"" + *fault + "\"}";
    (void)deliver(*sender.device, {.topic = answer, .payload = base::asBytes(body), .packetId = 0, .qos = 1, .dup = false, .retain = false}, 0);
  }
  return {.kind = PublishAnswer::Kind::acknowledge};
}

PublishAnswer Front::takeTelemetry(Guest& sender, const mqtt::Publish& publish, std::string_view suffix) {
  if (suffix.size() + publish.payload.size() > settings_.messageBytesMax) {
    return forbid(*sender.conversation, "too_large", publish.topic,
                  "properties and payload have " + std::to_string(suffix.size() + publish.payload.size()) + " bytes, " +
                      std::to_string(settings_.messageBytesMax) + " are allowed",
                  "keep properties and payload within devices.max_message_bytes");
  }
  const auto objection = uplink_.links().objection(sender.conversation->certifiedId(), suffix, publish.payload.size());
  if (objection) return forbid(*sender.conversation, objection->reason, publish.topic, objection->sentence, objection->fix);
  noteAllowed(Deed::publish, sender.publishTold, sender.conversation->certifiedId());
  const auto accepted =
      uplink_.take(*sender.device, {.suffix = suffix, .payload = publish.payload, .retain = publish.retain}, publish.qos);
  return answerOf(sender, accepted, publish.qos);
}

PublishAnswer Front::answerOf(Guest& sender, const queue::Accepted& accepted, std::uint8_t qos) {
  switch (accepted.acceptance) {
    case queue::Acceptance::taken: return {.kind = PublishAnswer::Kind::taken, .token = accepted.sequence};
    case queue::Acceptance::dropped: return {.kind = PublishAnswer::Kind::acknowledge};
    case queue::Acceptance::full:
      if (qos == 0) return {.kind = PublishAnswer::Kind::acknowledge};
      sender.held = true;
      return {.kind = PublishAnswer::Kind::hold};
    case queue::Acceptance::closed: break;
  }
  return {.kind = PublishAnswer::Kind::close};
}

std::uint8_t Front::subscribing(session::Conversation& conversation, const mqtt::Filter& filter) {
  const hub::FilterKind kind = hub::classifyFilter(filter.filter, conversation.certifiedId());
  if (kind == hub::FilterKind::otherDevice || kind == hub::FilterKind::unknown) {
    return refuseFilter(conversation, filter, false);
  }
  if (kind != hub::FilterKind::cloudToDevice && !uplink_.links().twinsAndMethods()) return refuseFilter(conversation, filter, true);
  Guest& asker = guest(conversation);
  if (!asker.filterRefused) noteAllowed(Deed::subscribe, asker.filterTold, conversation.certifiedId());
  const queue::DeviceKey device = *asker.device;
  auto& filters = seat(device).filters;
  std::erase_if(filters, [&](const Followed& one) { return one.kind == kind; });
  filters.push_back({.filter = std::string{filter.filter}, .kind = kind, .qos = std::min<std::uint8_t>(filter.qos, 1)});
  return filters.back().qos;
}

// Following hands the device what it has not acknowledged yet.
void Front::listening(session::Conversation& conversation) {
  const queue::DeviceKey device = *guest(conversation).device;
  const Seat& place = seat(device);
  if (place.keepsSession) sessions_->keep(conversation.certifiedId(), place.filters);
  for (const Followed& one : place.filters) uplink_.follow(device, one.kind, one.filter, one.qos);
}

void Front::unsubscribing(session::Conversation& conversation, std::string_view filter) {
  const queue::DeviceKey device = *guest(conversation).device;
  Seat& place = seat(device);
  if (std::erase_if(place.filters, [&](const Followed& one) { return one.filter == filter; }) == 0) return;
  if (place.keepsSession) sessions_->keep(conversation.certifiedId(), place.filters);
  uplink_.unfollow(device, filter);
}

void Front::received(session::Conversation& conversation, std::uint64_t token) {
  uplink_.received(*guest(conversation).device, token);
}

Delivery Front::deliver(queue::DeviceKey device, const mqtt::Publish& message, std::uint64_t token) {
  const Seat& place = seat(device);
  if (place.guest == nullptr) return Delivery::nobody;
  const auto followed = std::find_if(place.filters.begin(), place.filters.end(),
                                     [&](const Followed& one) { return mqtt::matches(one.filter, message.topic); });
  if (followed == place.filters.end()) return Delivery::nobody;
  mqtt::Publish packet = message;
  packet.qos = std::min(message.qos, followed->qos);
  packet.dup = message.dup && packet.qos > 0;
  packet.retain = false;
  return place.guest->conversation->deliver(packet, token) ? Delivery::sent : Delivery::busy;
}

void Front::ended(session::Conversation& conversation, session::Ending ending, std::string_view detail,
                  const session::StoredWill* will) {
  const auto entry = guests_.find(conversation.number());
  SPHEREGATE_CHECK(entry != guests_.end());
  std::unique_ptr<Guest> leaving = std::move(entry->second);
  guests_.erase(entry);
  connectCame(*leaving);
  if (leaving->device) {
    Seat& place = seat(*leaving->device);
    --connected_;
    --devicesByCa_[leaving->verdict->caSha256];
    if (place.guest == leaving.get()) {
      place.guest = nullptr;
      for (const Followed& one : place.filters) uplink_.unfollow(*leaving->device, one.filter);
      if (!place.keepsSession) place.filters.clear();
      uplink_.absent(*leaving->device);
      if (notes_ != nullptr) notes_->left(conversation.certifiedId());
    }
    if (will != nullptr) publishWill(*leaving, *will);
  } else if (ending != session::Ending::refused) {
    counts_->connected(label(ending));
  }
  counts_->disconnected(ending);
  noteEnd(*leaving, ending, detail);
  logEnd(conversation, ending, detail);
  buryLater(std::move(leaving));
}

void Front::acknowledge(queue::DeviceKey device, queue::Sequence through) {
  const Seat& place = seat(device);
  if (place.guest != nullptr) place.guest->conversation->acknowledgeThrough(through);
}

void Front::roomAgain() {
  std::vector<std::uint64_t> waiting;
  for (const auto& entry : guests_) {
    if (std::exchange(entry.second->held, false)) waiting.push_back(entry.first);
  }
  for (const std::uint64_t number : waiting) {
    const auto entry = guests_.find(number);
    if (entry != guests_.end()) entry->second->conversation->resume();
  }
}

void Front::storeClosed(std::string_view reason) {
  base::logError("store closed", {{"reason", reason},
                                  {"consequence", "devices are refused with CONNACK 3; what is queued is still delivered"},
                                  {"fix", "repair or free the disk of queue.path, then restart the gateway"}});
  endAll("the store is closed");
}

void Front::tooSlow(queue::DeviceKey device) {
  const Seat& place = seat(device);
  if (place.guest != nullptr) place.guest->conversation->end(session::Ending::tooSlow, "it does not read its desired properties");
}

std::vector<DeviceView> Front::devices() const {
  std::vector<DeviceView> all;
  for (std::size_t number = 0; number < custody_.deviceCount(); ++number) all.push_back(view(static_cast<queue::DeviceKey>(number)));
  return all;
}

std::optional<queue::DeviceKey> Front::find(std::string_view id) const { return custody_.find(id); }

bool Front::isConnected(queue::DeviceKey device) const {
  const auto number = static_cast<std::size_t>(device);
  return number < seats_.size() && seats_[number] && seats_[number]->guest != nullptr;
}

DeviceView Front::view(queue::DeviceKey device) const {
  DeviceView view;
  view.id = custody_.id(device);
  view.link = uplink_.linkState(device);
  view.queue = custody_.state(device);
  if (!isConnected(device)) return view;
  const Guest& present = *seats_[static_cast<std::size_t>(device)]->guest;
  view.connected = true;
  view.since = present.since;
  view.verdict = present.verdict;
  view.peer = present.conversation->peer();
  view.unacknowledged = present.conversation->unacknowledged();
  return view;
}

bool Front::disconnect(std::string_view id, std::string_view why) {
  bool any = false;
  endThose([&](const Guest& guest) { return guest.conversation->certifiedId() == id && (any = true); }, session::Ending::forbidden, why);
  return any;
}

Front::Seat& Front::seat(queue::DeviceKey device) {
  const auto number = static_cast<std::size_t>(device);
  if (number >= seats_.size()) seats_.resize(number + 1);
  if (!seats_[number]) seats_[number] = std::make_unique<Seat>();
  return *seats_[number];
}

Front::Guest& Front::guest(const session::Conversation& conversation) {
  const auto entry = guests_.find(conversation.number());
  SPHEREGATE_CHECK(entry != guests_.end());
  return *entry->second;
}

void Front::buryLater(std::unique_ptr<Guest> leaving) {
  buried_.push_back(std::move(leaving));
  if (!burial_.armed()) burial_.after({}, [this] { buried_.clear(); });
}

}  // namespace spheregate::relay
