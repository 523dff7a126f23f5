#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <nlohmann/json.hpp>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "simulation/memory_store.hpp"
#include "spheregate/base/log.hpp"
#include "spheregate/relay/uplink.hpp"
#include "unit/queue/store_fixture.hpp"
#include "unit/upstream/link_fixture.hpp"

// Random histories of one device's twin: patches, changes made in the cloud, reads, cuts, kills. Whatever happens, device and hub agree
// in the end, no version goes back, no change comes twice, and a device that has seen its twin never sees less of it.
namespace spheregate::relay {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;
using std::chrono::seconds;

const std::string kDesired = "$iothub/twin/PATCH/properties/desired/#";
const std::string kResponses = "$iothub/twin/res/#";

// SPHEREGATE_TRACE=1 tells the story of a seed.
void trace(const std::string& event) {
  static const bool wanted = std::getenv("SPHEREGATE_TRACE") != nullptr;
  if (wanted) std::fprintf(stderr, "%s\n", event.c_str());
}

std::uint64_t version(const json& section) { return section.value("$version", std::uint64_t{0}); }

json without(json section) {
  section.erase("$version");
  return section;
}

// A patch of a few members, some of them nested, some deleted.
json anyPatch(std::mt19937_64& random, std::uint64_t& values) {
  json patch = json::object();
  for (std::uint64_t left = 1 + random() % 3; left > 0; --left) {
    const std::string name(1, static_cast<char>('a' + random() % 4));
    switch (random() % 4) {
      case 0: patch[name] = nullptr; break;
      case 1:
        if (!patch[name].is_object()) patch[name] = json::object();
        patch[name][std::string(1, static_cast<char>('x' + random() % 2))] = random() % 3 == 0 ? json{} : json(++values);
        break;
      default: patch[name] = ++values;
    }
  }
  return patch;
}

// IoT Hub, as far as one device's twin goes.
struct Cloud {
  json desired = {{"$version", 1}};
  json reported = {{"$version", 1}};
  bool reachable = true;

  void change(const json& patch) {
    desired.merge_patch(patch);
    desired["$version"] = version(desired) + 1;
  }
  void report(const json& patch) {
    reported.merge_patch(patch);
    reported["$version"] = version(reported) + 1;
  }
  std::string twin() const { return json{{"desired", desired}, {"reported", reported}}.dump(); }
};

// The application on the device. It repeats a patch until that is answered, as SDKs do, and reads its twin whenever it connects.
class App final : public DeviceSide {
 public:
  Delivery deliver(queue::DeviceKey, const mqtt::Publish& message, std::uint64_t) override {
    if (!there) return Delivery::nobody;
    const std::string topic{message.topic};
    trace("device hears " + topic + " " + std::string{base::asText(message.payload)});
    const json body = message.payload.empty() ? json{} : json::parse(base::asText(message.payload));
    if (topic.starts_with("$iothub/twin/PATCH/properties/desired/")) {
      changed(body, topic);
    } else if (topic.find("$rid=get") != std::string::npos) {
      EXPECT_TRUE(topic.starts_with("$iothub/twin/res/200/")) << topic;
      read(body);
    } else if (topic.find("$rid=" + rid) != std::string::npos && waits) {
      EXPECT_TRUE(topic.starts_with("$iothub/twin/res/204/")) << topic;
      waits = false;
      reported.merge_patch(patch);
      if (const auto at = topic.find("$version="); at != std::string::npos) sawReported(std::stoull(topic.substr(at + 9)));
    }
    return Delivery::sent;
  }
  void acknowledge(queue::DeviceKey, queue::Sequence) override {}
  void roomAgain() override {}
  void storeClosed(std::string_view) override {}

  void changed(const json& change, const std::string& topic) {
    EXPECT_EQ(topic, "$iothub/twin/PATCH/properties/desired/?$version=" + std::to_string(version(change)));
    EXPECT_GT(version(change), version(desired)) << "a change came twice, or late";
    if (!hasTwin) return;  // it will read the twin first
    desired.merge_patch(change);
    ++changes;
  }
  void read(const json& twin) {
    EXPECT_TRUE(twin.is_object() && twin.contains("desired") && twin.contains("reported")) << "an empty twin: " << twin.dump();
    reading = false;
    hasTwin = true;
    ++reads;
    EXPECT_GE(version(twin["desired"]), desiredSeen) << "the version went back";
    desiredSeen = std::max(desiredSeen, version(twin["desired"]));
    desired = twin["desired"];
    sawReported(version(twin["reported"]));
    // What was answered is there. A patch that still waits for its answer may be.
    json with = reported;
    with.merge_patch(patch);
    const json shown = without(twin["reported"]);
    EXPECT_TRUE(shown == without(reported) || (waits && shown == without(with)))
        << shown.dump() << " is not " << without(reported).dump() << (waits ? " with " + patch.dump() : "");
  }
  void sawReported(std::uint64_t number) {
    EXPECT_GE(number, reportedSeen) << "the version went back";
    reportedSeen = number;
  }

  bool there = false;
  bool reading = false;
  bool hasTwin = false;
  json desired = json::object();
  json reported = json::object();
  json patch = json::object();
  bool waits = false;
  std::string rid;
  std::uint64_t desiredSeen = 0;
  std::uint64_t reportedSeen = 0;
  int reads = 0;
  int changes = 0;
};

// One life of the gateway.
struct Process {
  Process(const queue::Settings& queue, const upstream::Settings& hub, queue::Disk& disk, simulation::MemoryTables& tables,
          test::ManualTime& time, std::mt19937_64& chance, App& app)
      : settings{hub},
        custody{queue, disk, runner, time.timers, registry},
        state{time.timers, tables, chance, milliseconds{20}},
        random{chance()},
        pacer{time.timers, 1000},
        context{.settings = settings,
                .timers = time.timers,
                .dialer = dialer,
                .pacer = pacer,
                .credentials = credentials,
                .metrics = linkMetrics,
                .random = random},
        uplink{custody, ownLinks, settings, state, time.timers, registry} {
    uplink.open(app);
    device = custody.device("dev");
  }

  upstream::Settings settings;
  metrics::Registry registry;
  queue::StepRunner runner;
  queue::Custody custody;
  simulation::MemoryStore state;
  upstream::LinkMetrics linkMetrics{registry};
  upstream::ScriptedDialer dialer;
  upstream::ScriptedCredentials credentials;
  std::mt19937_64 random;
  std::vector<std::unique_ptr<test::WireView>> wires;
  upstream::Pacer pacer;
  upstream::LinkContext context;
  upstream::OwnLinks ownLinks{context};
  Uplink uplink;
  queue::DeviceKey device{};
};

class History {
 public:
  explicit History(std::uint64_t seed) : chance_{seed} {
    hub_.hub = "hub";
    hub_.ackTimeout = seconds{10};
    queue_.commitAfter = milliseconds{50};
    begin();
  }

  void run() {
    for (std::uint64_t left = 20 + chance_() % 40; left > 0 && !::testing::Test::HasFailure(); --left) step();
    agree();
  }

 private:
  void begin() { process_ = std::make_unique<Process>(queue_, hub_, disk_, tables_, time_, chance_, app_); }

  void step() {
    switch (chance_() % 16) {
      case 0: case 1: case 2: report(); break;
      case 3: case 4: case 5: change(); break;
      case 6: case 7: read(); break;
      case 8: cut(); break;
      case 9: cloud_.reachable = true; break;
      case 10: chance_() % 2 == 0 ? leave() : kill(); break;
      case 11: case 12: connect(); break;
      case 13: pass(seconds{chance_() % 40}); break;
      default: pass(milliseconds{chance_() % 700});
    }
    pass(milliseconds{chance_() % 30});
  }

  void connect() {
    if (app_.there) return;
    trace("-- connect");
    app_.there = true;
    app_.hasTwin = false;
    app_.desired = json::object();
    process_->uplink.present(process_->device, {});
    process_->uplink.follow(process_->device, hub::FilterKind::twinResponses, kResponses, 0);
    process_->uplink.follow(process_->device, hub::FilterKind::desiredProperties, kDesired, 0);
    read();
    if (app_.waits) send();
  }
  void leave() {
    if (!app_.there) return;
    trace("-- leave");
    app_.there = app_.reading = false;
    process_->uplink.unfollow(process_->device, kDesired);
    process_->uplink.unfollow(process_->device, kResponses);
    process_->uplink.absent(process_->device);
  }
  void kill() {
    trace("-- kill");
    app_.there = app_.reading = online_ = subscribed_ = false;
    process_->state.storeSome(chance_);
    process_.reset();
    time_.pass(milliseconds{1});
    begin();
  }
  void report() {
    if (!app_.there || app_.waits) return;
    app_.patch = anyPatch(chance_, values_);
    app_.waits = true;
    send();
  }
  void send() {
    app_.rid = "p" + std::to_string(++rids_);
    const std::string text = app_.patch.dump();
    (void)process_->uplink.takePatch(process_->device, "$rid=" + app_.rid, app_.rid, base::asBytes(text));
  }
  void change(bool reliably = false) {
    const json patch = anyPatch(chance_, values_);
    cloud_.change(patch);
    if (!subscribed_ || !online_ || (!reliably && chance_() % 10 == 0)) return;  // at times the push is lost
    json push = patch;
    push["$version"] = version(cloud_.desired);
    say("$iothub/twin/PATCH/properties/desired/?$version=" + std::to_string(version(cloud_.desired)), push.dump());
  }
  void read() {
    if (!app_.there || app_.reading) return;
    app_.reading = true;
    const std::string rid = "get" + std::to_string(++rids_);
    process_->uplink.requestTwin(process_->device, "$iothub/twin/GET/?$rid=" + rid, rid, {});
  }
  void cut() {
    trace("-- cut");
    cloud_.reachable = false;
    drop();
  }
  void drop() {
    if (!online_) return;
    trace("-- drop");
    online_ = subscribed_ = false;
    process_->wires.back()->user->wireClosed("reset");
  }

  void pass(base::Duration much) {
    const base::MonoTime end = time_.clock.now() + much;
    for (;;) {
      work();
      const auto next = time_.timers.next();
      if (!next || *next > end) break;
      time_.pass(std::max(base::Duration{}, *next - time_.clock.now()));
    }
    time_.pass(end - time_.clock.now());
    work();
  }

  // Disk, network and hub do what they were asked.
  void work() {
    bool busy = true;
    while (busy) {
      busy = false;
      while (process_->runner.step()) busy = true;
      if (!process_->dialer.waiting.empty()) {
        busy = true;
        answerDial();
      }
      if (online_ && !process_->wires.back()->sent.empty()) {
        busy = true;
        serve();
      }
    }
  }
  void answerDial() {
    auto done = std::move(process_->dialer.waiting.front());
    process_->dialer.waiting.pop_front();
    if (!cloud_.reachable) return done(base::failed<std::unique_ptr<base::Wire>>("no route"));
    process_->wires.push_back(std::make_unique<test::WireView>());
    online_ = true;
    subscribed_ = false;
    done(std::unique_ptr<base::Wire>{std::make_unique<test::ScriptedWire>(*process_->wires.back())});
  }
  void serve() {
    test::WireView& wire = *process_->wires.back();
    const base::Bytes sent = std::exchange(wire.sent, {});
    base::ByteView rest{sent};
    mqtt::Frame frame;
    while (online_ && !rest.empty()) {
      const auto framing = mqtt::nextFrame(rest, 1 << 20, frame);
      ASSERT_TRUE(framing && *framing == mqtt::Framing::complete);
      packet(frame);
      rest = rest.subspan(frame.size);
    }
    if (wire.closed) online_ = subscribed_ = false;
  }
  void packet(const mqtt::Frame& frame) {
    base::Bytes out;
    if (frame.type == mqtt::PacketType::connect) {
      mqtt::appendConnack(out, {.sessionPresent = false, .code = mqtt::ConnackCode::accepted});
      process_->wires.back()->user->wireBytes(out);
    } else if (frame.type == mqtt::PacketType::subscribe) {
      const auto subscribe = mqtt::parseSubscribe(frame);
      for (const auto& filter : subscribe->filters) subscribed_ = subscribed_ || filter.filter == kDesired;
    } else if (frame.type == mqtt::PacketType::unsubscribe) {
      if (mqtt::parseUnsubscribe(frame)->filters[0] == kDesired) subscribed_ = false;
    } else if (frame.type == mqtt::PacketType::publish) {
      request(*mqtt::parsePublish(frame));
    } else if (frame.type == mqtt::PacketType::pingreq) {
      mqtt::appendPingresp(out);
      process_->wires.back()->user->wireBytes(out);
    }
  }
  void request(const mqtt::Publish& message) {
    const std::string topic{message.topic};
    const std::string rid = topic.substr(topic.find("$rid=") + 5);
    trace("hub hears " + topic + " " + std::string{base::asText(message.payload)});
    // Requests that the hub has and does not answer, for the line breaks; or that do not reach it.
    const std::uint64_t fate = chance_() % 20;
    if (fate == 0) return drop();
    if (topic.starts_with("$iothub/twin/GET/")) {
      if (fate == 1) return;
      if (fate == 2) return say("$iothub/twin/res/429/?$rid=" + rid, R"({"errorCode":429001})");
      return say("$iothub/twin/res/200/?$rid=" + rid, cloud_.twin());
    }
    cloud_.report(json::parse(base::asText(message.payload)));
    if (fate == 1) return drop();
    say("$iothub/twin/res/204/?$rid=" + rid + "&$version=" + std::to_string(version(cloud_.reported)));
  }
  void say(const std::string& topic, const std::string& payload = {}) {
    trace("hub says " + topic + " " + payload);
    base::Bytes out;
    mqtt::appendPublish(
        out, {.topic = topic, .payload = base::asBytes(payload), .packetId = 0, .qos = 0, .dup = false, .retain = false});
    process_->wires.back()->user->wireBytes(out);
  }

  // The line is good from now on, and everything that waits comes to an end.
  void agree() {
    cloud_.reachable = true;
    connect();
    for (int rounds = 0; rounds < 100 && !subscribed_; ++rounds) pass(seconds{2});
    change(true);  // shows what was lost before it
    for (int rounds = 0; rounds < 100 && !agreed(); ++rounds) pass(seconds{2});
    EXPECT_FALSE(app_.waits) << "a patch was never answered";
    EXPECT_FALSE(app_.reading) << "a read was never answered";
    EXPECT_EQ(without(app_.desired), without(cloud_.desired)) << "the device missed a change";
    EXPECT_EQ(version(app_.desired), version(cloud_.desired));
    EXPECT_EQ(without(cloud_.reported), without(app_.reported)) << "the hub missed a patch";
    EXPECT_EQ(process_->custody.queuedMessages(), 0u);
    readsAlikeOffline();
  }
  bool agreed() const {
    return !app_.waits && !app_.reading && process_->custody.queuedMessages() == 0 && version(app_.desired) == version(cloud_.desired);
  }
  // And what is read from the cache then is what the hub has.
  void readsAlikeOffline() {
    if (::testing::Test::HasFailure()) return;
    pass(seconds{30});
    cut();
    read();
    pass(milliseconds{100});
    EXPECT_FALSE(app_.reading) << "not answered from the cache";
    EXPECT_EQ(app_.desired, cloud_.desired);
  }

  std::mt19937_64 chance_;
  test::ManualTime time_;
  queue::Settings queue_;
  upstream::Settings hub_;
  simulation::FakeDisk disk_;
  simulation::MemoryTables tables_;
  Cloud cloud_;
  App app_;
  std::unique_ptr<Process> process_;
  bool online_ = false;
  bool subscribed_ = false;
  std::uint64_t values_ = 0;
  std::uint64_t rids_ = 0;
};

std::uint64_t number(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

TEST(TwinHistories, deviceAndHubAgreeInTheEnd) {
  const std::uint64_t first = number("SPHEREGATE_SEED", 1);
  const std::uint64_t count = number("SPHEREGATE_SEEDS", 10'000);
  base::configureLog(base::LogLevel::error, base::LogFormat::text);
  for (std::uint64_t seed = first; seed < first + count && !HasFailure(); ++seed) {
    SCOPED_TRACE("SPHEREGATE_SEEDS=1 SPHEREGATE_SEED=" + std::to_string(seed));
    History{seed}.run();
  }
}

}  // namespace
}  // namespace spheregate::relay
