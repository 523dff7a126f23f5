#pragma once

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

// The two ends of a twin, for random histories: the hub, the application on the device, and a gateway between them for one life of its
// process.
namespace spheregate::relay {

using nlohmann::json;
using std::chrono::milliseconds;
using std::chrono::seconds;

inline const std::string kDesired = "$iothub/twin/PATCH/properties/desired/#";
inline const std::string kResponses = "$iothub/twin/res/#";

// SPHEREGATE_TRACE=1 tells the story of a seed.
inline void trace(const std::string& event) {
  static const bool wanted = std::getenv("SPHEREGATE_TRACE") != nullptr;
  if (wanted) std::fprintf(stderr, "%s\n", event.c_str());
}

inline std::uint64_t version(const json& section) { return section.value("$version", std::uint64_t{0}); }

inline json without(json section) {
  section.erase("$version");
  return section;
}

// A patch of a few members, some of them nested, some deleted.
inline json anyPatch(std::mt19937_64& random, std::uint64_t& values) {
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
  void tooSlow(queue::DeviceKey) override {}

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
        weather{time.timers, pacer, settings, random, registry},
        context{.settings = settings,
                .timers = time.timers,
                .dialer = dialer,
                .weather = weather,
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
  upstream::Weather weather;
  upstream::LinkContext context;
  upstream::OwnLinks ownLinks{context};
  Uplink uplink;
  queue::DeviceKey device{};
};

}  // namespace spheregate::relay
