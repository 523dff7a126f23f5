#include "spheregate/steward/steward.hpp"

#include <algorithm>
#include <utility>

#include "report.hpp"
#include "spheregate/base/log.hpp"
#include "spheregate/hub/topics.hpp"
#include "spheregate/hub/twin.hpp"

namespace spheregate::steward {
namespace {

constexpr const char* kAnswers = "$iothub/twin/res/#";
constexpr const char* kDesired = "$iothub/twin/PATCH/properties/desired/#";
constexpr const char* kRow = "wishes";
constexpr const char* kSection = "spheregate";

// Between two reports of health, two readings of the twin, and after an answer that did not come or was an error.
constexpr std::chrono::minutes kReportPause{1};
constexpr std::chrono::seconds kReadPause{1};
constexpr std::chrono::seconds kFaultPause{30};
constexpr std::chrono::seconds kPatience{30};

base::Bytes bytesOf(std::string_view text) {
  const base::ByteView view = base::asBytes(text);
  return {view.begin(), view.end()};
}

// Texts of other programs may hold anything.
std::string dumped(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

}  // namespace

// One request at a time: a reading of the twin, or a patch of what is reported.
struct Steward::Inside {
  Inside(upstream::GatewayLink& link, state::Store& rows, base::Timers& time, Configured given, Controls touch, std::function<Health()> ask)
      : gateway{link}, store{rows}, timers{time}, configured{given}, controls{std::move(touch)}, health{std::move(ask)}, wake{time} {}

  void act();
  void read();
  void report();
  void request(const std::string& topic, std::string_view payload);
  void wakeAt(base::MonoTime due);
  void answered(const hub::HubTopic& topic, std::string_view body);
  void learn(std::string_view body);
  void apply(const Wishes& wished);
  void keep(std::vector<Verdict> judgedVerdicts, std::uint64_t version);

  upstream::GatewayLink& gateway;
  state::Store& store;
  base::Timers& timers;
  Configured configured;
  Controls controls;
  std::function<Health()> health;

  Wishes wishes;
  std::vector<Verdict> verdicts;
  std::uint64_t version = 0;
  std::string fault;  // what is wrong with the desired properties as a whole

  bool known = false;      // `hubHas` is what the hub has
  Json hubHas = Json::object();
  Health told;             // of the latest report
  base::MonoTime healthDue{};
  bool answersDue = false;

  bool readDue = false;
  base::MonoTime notBefore{};
  std::string rid;         // of the request that waits for its answer; empty: none
  base::MonoTime deadline{};
  Json sent;               // with it; null: it is a reading
  std::uint64_t numbers = 0;
  std::string storedRow;
  std::shared_ptr<int> life = std::make_shared<int>();  // gone with this, for callbacks of the store
  base::Timer wake;
};

Steward::Steward(upstream::GatewayLink& gateway, state::Store& store, base::Timers& timers, Configured configured, Controls controls,
                 std::function<Health()> health)
    : inside_{std::make_unique<Inside>(gateway, store, timers, configured, std::move(controls), std::move(health))} {
  gateway.add(*this);
  gateway.follow(kAnswers, 0);
  gateway.follow(kDesired, 0);
}

Steward::~Steward() = default;

const Wishes& Steward::wishes() const { return inside_->wishes; }

void Steward::configure(const Configured& configured) {
  Inside& in = *inside_;
  const Configured before = std::exchange(in.configured, configured);
  if (configured == before) return;
  if (!in.wishes.logLevel && configured.logLevel != before.logLevel) in.controls.logLevel(configured.logLevel);
  if (!in.wishes.messageTtl && configured.messageTtl != before.messageTtl) in.controls.messageTtl(configured.messageTtl);
  if (!in.wishes.drainRate && configured.drainRate != before.drainRate) in.controls.drainRate(configured.drainRate);
  in.answersDue = true;
  in.act();
}

void Steward::begin() {
  for (const auto& [name, row] : inside_->store.all(state::Table::gateway, kRow, 1)) {
    if (name != kRow) continue;
    inside_->storedRow = row;
    inside_->apply(readWishes(row));
  }
}

void Steward::gatewayUp() {
  Inside& in = *inside_;
  in.readDue = true;
  in.notBefore = in.timers.now();
  in.act();
}

void Steward::gatewayDown(std::string_view) {
  Inside& in = *inside_;
  in.rid.clear();
  in.known = false;
  in.wake.cancel();
}

void Steward::gatewayMessage(const upstream::ControlMessage& message) {
  Inside& in = *inside_;
  const hub::HubTopic topic = hub::classifyFromHub(message.topic, in.gateway.deviceId());
  if (topic.kind == hub::HubTopicKind::twinResponse) in.answered(topic, base::asText(message.payload));
  if (topic.kind != hub::HubTopicKind::desiredProperties) return;
  // The whole is read anew: what a patch makes of it is the hub's business.
  in.readDue = true;
  in.act();
}

void Steward::Inside::act() {
  if (!gateway.up()) return;
  const base::MonoTime now = timers.now();
  if (!rid.empty() && now >= deadline) {
    rid.clear();
    readDue = true;
    notBefore = now + kFaultPause;
  }
  if (!rid.empty()) return wakeAt(deadline);
  if (now < notBefore) return wakeAt(notBefore);
  if (readDue) return read();
  if (known && (answersDue || now >= healthDue)) report();
  if (rid.empty()) wakeAt(std::max(healthDue, now + kReadPause));
}

void Steward::Inside::wakeAt(base::MonoTime due) {
  wake.at(due, [this] { act(); });
}

void Steward::Inside::request(const std::string& topic, std::string_view payload) {
  rid = "steward-" + std::to_string(++numbers);
  deadline = timers.now() + kPatience;
  notBefore = timers.now() + kReadPause;
  // When it is not taken the deadline asks again.
  (void)gateway.send(topic + rid, bytesOf(payload));
  wakeAt(deadline);
}

void Steward::Inside::read() {
  readDue = false;
  sent = nullptr;
  request("$iothub/twin/GET/?$rid=", {});
}

void Steward::Inside::report() {
  const base::MonoTime now = timers.now();
  if (now >= healthDue) {
    healthDue = now + kReportPause;
    told = health();
    if (!fault.empty()) told.lastError = fault;
  }
  answersDue = false;
  Json wanted = reportOf(told, verdicts, version, wishes, configured);
  const Json patch = patchFrom(hubHas, wanted);
  if (patch.empty()) return;
  sent = std::move(wanted);
  request("$iothub/twin/PATCH/properties/reported/?$rid=", dumped(Json{{kSection, patch}}));
}

void Steward::Inside::answered(const hub::HubTopic& topic, std::string_view body) {
  if (topic.rid != rid || rid.empty()) return;
  rid.clear();
  if (topic.status >= 300) {
    base::logWarn("gateway twin refused", {{"request", sent.is_null() ? "read" : "report"}, {"status", topic.status}});
    readDue = true;
    notBefore = timers.now() + kFaultPause;
  } else if (sent.is_null()) {
    learn(body);
  } else {
    hubHas = std::move(sent);
  }
  act();
}

void Steward::Inside::learn(std::string_view body) {
  const auto twin = hub::splitTwin(body);
  const Json desired = twin ? Json::parse(twin->desired, nullptr, false) : Json{};
  const Json reported = twin ? Json::parse(twin->reported, nullptr, false) : Json{};
  if (!desired.is_object() || !reported.is_object()) {
    base::logWarn("gateway twin unreadable", {{"bytes", body.size()}});
    notBefore = timers.now() + kFaultPause;
    readDue = true;
    return;
  }
  known = true;
  hubHas = reported.value(kSection, Json::object());
  if (!hubHas.is_object()) hubHas = Json::object();
  const auto section = desired.find(kSection);
  const bool asked = section != desired.end() && !section->is_null();
  auto judged = judge(asked ? dumped(*section) : std::string{}, wishes);
  fault = judged ? std::string{} : "the desired property spheregate is not an object";
  healthDue = timers.now();
  if (!judged) return;
  apply(judged->wishes);
  keep(std::move(judged->verdicts), twin->desiredVersion);
}

// A wish is answered when it is kept. With no usable store it is in force all the same, until the next start.
void Steward::Inside::keep(std::vector<Verdict> judgedVerdicts, std::uint64_t desiredVersion) {
  auto settle = [this, alive = std::weak_ptr<int>{life}, judgedVerdicts, desiredVersion](bool stored) mutable {
    if (alive.expired()) return;
    if (!stored) storedRow.clear();
    for (Verdict& verdict : judgedVerdicts) {
      if (!stored && verdict.code == 200) verdict.why = "in force until the next start: it could not be stored";
    }
    verdicts = std::move(judgedVerdicts);
    version = desiredVersion;
    answersDue = true;
    act();
  };
  std::string row = text(wishes);
  if (row == storedRow) return settle(true);
  storedRow = row;
  store.put(state::Table::gateway, kRow, std::move(row), std::move(settle));
}

void Steward::Inside::apply(const Wishes& wished) {
  const Wishes before = std::exchange(wishes, wished);
  if (wishes == before) return;
  base::logInfo("wishes of the cloud", {{"denied_devices", wishes.denyList.size()},
                                        {"log_level", wishes.logLevel ? "other" : "as configured"},
                                        {"message_ttl", wishes.messageTtl ? "other" : "as configured"},
                                        {"drain_rate", wishes.drainRate ? "other" : "as configured"}});
  if (wishes.denyList != before.denyList) controls.denyList(wishes.denyList);
  if (wishes.logLevel != before.logLevel) controls.logLevel(wishes.logLevel.value_or(configured.logLevel));
  if (wishes.messageTtl != before.messageTtl) controls.messageTtl(wishes.messageTtl.value_or(configured.messageTtl));
  if (wishes.drainRate != before.drainRate) controls.drainRate(wishes.drainRate.value_or(configured.drainRate));
}

}  // namespace spheregate::steward
