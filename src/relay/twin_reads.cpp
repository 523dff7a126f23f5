#include "twin_reads.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include "spheregate/base/log.hpp"
#include "spheregate/hub/twin.hpp"
#include "spheregate/hub/username.hpp"

namespace spheregate::relay {
namespace {

constexpr std::size_t kRequestsMax = 16;
// A device that leaves so much unread loses its connection. What it misses it reads on the next one.
constexpr std::size_t kOwedMax = 256;
constexpr std::size_t kOwedBytesMax = 1u << 20;
// A device waits a minute for its twin. A hub that takes longer than this is no better than one that is away.
constexpr base::Duration kHubTime = std::chrono::seconds{2};
constexpr base::Duration kTick = std::chrono::milliseconds{500};
// A hub that is busy, or lost an answer, is asked again after this.
constexpr base::Duration kPause = std::chrono::seconds{5};
constexpr int kPatched = 204;
constexpr std::string_view kReadTopic = "$iothub/twin/GET/?$rid=";
constexpr std::string_view kDesiredTopic = "$iothub/twin/PATCH/properties/desired/?$version=";
constexpr std::string_view kOwnReads = "spheregate-twin-";

std::optional<std::uint64_t> versionIn(std::string_view query) {
  const auto text = hub::queryValue(query, "$version");
  if (!text) return std::nullopt;
  std::uint64_t version = 0;
  const auto read = std::from_chars(text->data(), text->data() + text->size(), version);
  if (read.ec != std::errc{} || read.ptr != text->data() + text->size()) return std::nullopt;
  return version;
}

}  // namespace

TwinReads::~TwinReads() {
  if (ticket_ != 0) line_.reads.leave(ticket_);
}

// The hub throttles reads as a whole, so a turn may have to be waited for.
bool TwinReads::mayRead() {
  if (std::exchange(turn_, false) || line_.reads.take()) return true;
  if (ticket_ == 0) {
    ticket_ = line_.reads.queue([this] {
      ticket_ = 0;
      turn_ = true;
      linkRoom();
      turn_ = false;
    });
  }
  return false;
}

void TwinReads::request(std::string_view topic, std::string_view rid, base::ByteView payload) {
  line_.followAnswers();
  if (rid.empty()) {
    // The hub does not answer it.
    if (line_.link.up()) (void)line_.link.send(topic, payload);
    return;
  }
  if (requests_.size() >= kRequestsMax) requests_.erase(requests_.begin());
  requests_.push_back({.rid = std::string{rid},
                       .topic = std::string{topic},
                       .payload = {payload.begin(), payload.end()},
                       .due = line_.timers.now() + kHubTime});
  if (line_.cutOff()) askCache(requests_.back());
  linkRoom();
  watch();
}

// From now on it counts on hearing of every change, also of those that the hub makes before it can be asked.
void TwinReads::listens(bool does) {
  if (does && !listening_ && line_.cutOff()) missed_ = true;
  listening_ = does;
  readIfNeeded();
}

void TwinReads::absent() {
  ++visit_;
  present_ = false;
  requests_.clear();
  told_.reset();
  owed_.clear();
  owedBytes_ = 0;
  missed_ = false;
  ahead_ = 0;
  listening_ = false;
}

// While the link is down, or takes no more, a request waits as long as the device does.
void TwinReads::linkRoom() {
  if (!line_.link.up()) return;
  for (Request& request : requests_) {
    if (request.sent || line_.timers.now() < request.notBefore) continue;
    if (!mayRead()) return;
    if (!line_.link.send(request.topic, request.payload)) return;
    request.sent = true;
    request.quiet = quiet();
    request.kept = kept_;
    request.due = line_.timers.now() + kHubTime;
    request.again = line_.timers.now() + line_.patience;
  }
  readIfNeeded();
}

void TwinReads::linkDown() {
  own_.reset();
  if (present_) missed_ = true;
  for (Request& request : requests_) request.sent = false;
  if (!line_.cutOff()) return;
  for (Request& request : requests_) {
    if (request.cache == Request::Cache::unasked) askCache(request);
  }
}

void TwinReads::patchesThrough() {
  settling_ = true;
  readIfNeeded();
}

void TwinReads::askCache(Request& request) {
  request.cache = Request::Cache::wanted;
  readCache();
}

// One reading at a time, however fast a device asks. What is asked meanwhile waits for the next, which knows of patches in between.
void TwinReads::readCache() {
  if (readingCache_) return;
  for (Request& request : requests_) {
    if (request.cache != Request::Cache::wanted) continue;
    request.cache = Request::Cache::reading;
    readingCache_ = true;
  }
  if (!readingCache_) return;
  line_.twins.read(line_.id, [this, visit = visit_](const std::optional<std::string>& body) { cacheRead(body, visit); });
}

// What is not known yet is waited for: an empty twin would be a lie.
void TwinReads::cacheRead(const std::optional<std::string>& body, std::uint64_t visit) {
  readingCache_ = false;
  for (Request& request : requests_) {
    if (request.cache == Request::Cache::reading) request.cache = Request::Cache::nothing;
  }
  std::vector<std::string> rids;
  if (body) {
    const auto known = [](const Request& one) { return one.cache == Request::Cache::nothing; };
    for (const Request& request : requests_) {
      if (known(request)) rids.push_back(request.rid);
    }
    std::erase_if(requests_, known);
  }
  if (!rids.empty()) missed_ = true;
  for (const std::string& rid : rids) {
    line_.metrics.fromCache.add();
    deliver({.topic = "$iothub/twin/res/200/?$rid=" + rid, .body = *body, .qos = 0}, visit);
  }
  readCache();
  readIfNeeded();
}

void TwinReads::deliver(const Answer& answer, std::uint64_t visit) {
  if (visit != visit_) return line_.metrics.undelivered.add();
  const mqtt::Publish message{.topic = answer.topic,
                              .payload = base::asBytes(answer.body),
                              .packetId = 0,
                              .qos = answer.qos,
                              .dup = false,
                              .retain = false};
  if (line_.devices.deliver(line_.device, message, 0) != Delivery::sent) return line_.metrics.undelivered.add();
  line_.metrics.twins.add();
}

bool TwinReads::answered(const hub::HubTopic& topic, const mqtt::Publish& message) {
  // The device's own come first, whatever it calls them; a patch that was taken is answered with 204, and a read never.
  const auto asked =
      std::find_if(requests_.begin(), requests_.end(), [&](const Request& one) { return one.sent && one.rid == topic.rid; });
  if (asked == requests_.end() || topic.status == kPatched) {
    if (!topic.rid.starts_with(kOwnReads)) return false;
    if (own_ && own_->rid == topic.rid) ownAnswer(topic.status, message);
    return true;
  }
  if (temporary(topic.status)) {
    asked->sent = false;
    asked->notBefore = line_.timers.now() + kPause;
    if (asked->cache == Request::Cache::unasked) askCache(*asked);
    watch();
    return true;
  }
  const Request request = std::move(*asked);
  requests_.erase(asked);
  if (topic.status == 200) {
    answerFromHub(request, message);
  } else {
    deliver({.topic = std::string{message.topic}, .body = std::string{base::asText(message.payload)}, .qos = message.qos}, visit_);
  }
  return true;
}

void TwinReads::answerFromHub(const Request& request, const mqtt::Publish& message) {
  missed_ = false;
  line_.twins.learn(line_.id, message.payload, TwinCache::Trust::newer, request.quiet && request.kept == kept_,
                    [this, topic = std::string{message.topic}, qos = message.qos, visit = visit_](const TwinCache::Learned& twin) {
                      if (twin.older) overtaken_ = true;
                      if (twin.twin && !twin.older && visit == visit_) told_ = twin.version;
                      deliver({.topic = topic, .body = twin.body, .qos = qos}, visit);
                      lookAhead(twin);
                      readIfNeeded();
                    });
}

// The device has nothing on its way to the hub, so the hub's word is the whole truth, whatever became of patches that were kept before.
bool TwinReads::quiet() const { return !line_.custody.hasBacklog(line_.device); }

void TwinReads::readIfNeeded() {
  const bool forDevice = missed_ && listening_ && requests_.empty();  // its own read serves as well
  if (own_ || !line_.link.up() || (!settling_ && !overtaken_ && !forDevice)) return;
  if (line_.timers.now() < ownPause_) return watch();
  if (!mayRead()) return;
  line_.followAnswers();
  OwnRead read{.rid = std::string{kOwnReads} + std::to_string(++numbers_),
               .due = line_.timers.now() + line_.patience,
               .kept = kept_,
               .quiet = quiet()};
  if (!line_.link.send(std::string{kReadTopic} + read.rid, {})) return;
  own_ = std::move(read);
  watch();
}

void TwinReads::ownAnswer(int status, const mqtt::Publish& message) {
  const OwnRead read = *std::exchange(own_, std::nullopt);
  if (status != 200) {
    ownPause_ = line_.timers.now() + kPause;
    base::logDebug("twin not read", {{"device", line_.id}, {"status", status}});
    return watch();
  }
  settling_ = false;
  const bool wanted = std::exchange(missed_, false) && listening_;
  const auto trust = std::exchange(overtaken_, false) ? TwinCache::Trust::any : TwinCache::Trust::newer;
  line_.twins.learn(line_.id, message.payload, trust, read.quiet && read.kept == kept_, [this, wanted](const TwinCache::Learned& twin) { learned(twin, wanted); });
}

void TwinReads::learned(const TwinCache::Learned& twin, bool wanted) {
  if (twin.older) {
    // Overtaken, or the device was made anew. The next read tells.
    overtaken_ = true;
    missed_ = missed_ || wanted;
    return readIfNeeded();
  }
  if (!twin.twin) return;
  lookAhead(twin);
  readIfNeeded();
  if (!twin.difference.empty()) return tell(twin.difference, twin.version, 0);
  // Nothing to compare with: all of it, unless the device is known to have it.
  if (!twin.first || !wanted || (told_ && *told_ >= twin.version)) return;
  if (const auto sections = hub::splitTwin(twin.body)) tell(sections->desired, twin.version, 0);
}

// A change may overtake the twin that was looked up before it was made. Asked once more, not again and again: a device that was made
// anew counts from 1.
void TwinReads::lookAhead(const TwinCache::Learned& twin) {
  if (twin.twin && !twin.older && twin.version < std::exchange(ahead_, 0)) missed_ = true;
}

void TwinReads::desired(const hub::HubTopic& topic, const mqtt::Publish& message) {
  const auto version = versionIn(topic.query);
  std::string patch{base::asText(message.payload)};
  if (!version) {
    if (line_.devices.deliver(line_.device, message, 0) != Delivery::sent) return line_.metrics.undelivered.add();
    return line_.metrics.desired.add();
  }
  const std::string_view text = base::asText(message.payload);
  line_.twins.desired(line_.id, text, *version, [this, kept = std::move(patch), number = *version, qos = message.qos](TwinCache::Change change) {
    switch (change) {
      case TwinCache::Change::next: return tell(kept, number, qos);
      case TwinCache::Change::old: return;
      case TwinCache::Change::unknown:
        if (!told_ || number > *told_) tell(kept, number, qos);
        return;
      case TwinCache::Change::gap:
        missed_ = true;
        ahead_ = std::max(ahead_, number);
        readIfNeeded();
    }
  });
}

// To the device; what its connection does not take at once is not lost, because the cache believes that the device has it.
void TwinReads::tell(std::string_view patch, std::uint64_t version, std::uint8_t qos) {
  if (!listening_) return line_.metrics.undelivered.add();
  owed_.push_back({.patch = std::string{patch}, .version = version, .qos = qos});
  owedBytes_ += patch.size();
  tellOwed();
  if (owed_.size() <= kOwedMax && owedBytes_ <= kOwedBytesMax) return;
  line_.metrics.undelivered.add();
  line_.devices.tooSlow(line_.device);
}

void TwinReads::tellOwed() {
  while (!owed_.empty()) {
    const Owed& next = owed_.front();
    const std::string topic = std::string{kDesiredTopic} + std::to_string(next.version);
    const mqtt::Publish change{
        .topic = topic, .payload = base::asBytes(next.patch), .packetId = 0, .qos = next.qos, .dup = false, .retain = false};
    const Delivery delivery = line_.devices.deliver(line_.device, change, 0);
    if (delivery == Delivery::busy) return watch();
    (delivery == Delivery::sent ? line_.metrics.desired : line_.metrics.undelivered).add();
    told_ = next.version;
    owedBytes_ -= next.patch.size();
    owed_.pop_front();
  }
}

void TwinReads::watch() {
  if (!clock_.armed()) clock_.after(kTick, [this] { tick(); });
}

void TwinReads::tick() {
  const base::MonoTime now = line_.timers.now();
  tellOwed();
  if (own_ && now >= own_->due) own_.reset();
  for (Request& request : requests_) {
    if (now >= request.due && request.cache == Request::Cache::unasked) askCache(request);
    if (request.sent && now >= request.again) request.sent = false;
  }
  linkRoom();
  readIfNeeded();
  if (!requests_.empty() || own_ || !owed_.empty() || (line_.link.up() && ((missed_ && listening_) || settling_ || overtaken_))) watch();
}

}  // namespace spheregate::relay
