#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <deque>
#include <filesystem>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "spheregate/base/log.hpp"
#include "spheregate/mqtt/encoder.hpp"
#include "spheregate/queue/posix_disk.hpp"
#include "spheregate/relay/front.hpp"
#include "simulation/memory_store.hpp"
#include "spheregate/upstream/own_link.hpp"
#include "unit/fakes.hpp"

namespace spheregate::test {

// Front and uplink over a real store in a directory of its own, with scripted devices and a scripted hub.
class RelaySite : public ::testing::Test {
 protected:
  struct Device {
    WireView view;
    std::unique_ptr<base::Wire> wire = std::make_unique<ScriptedWire>(view);
  };

  explicit RelaySite(base::Duration sinceBoot = std::chrono::hours{1}) : time_{sinceBoot} { upstream_.hub = "contoso.azure-devices.net"; }
  ~RelaySite() override {
    end();
    std::filesystem::remove_all(directory_);
  }

  // Once, after the settings are as the test wants them.
  void open() {
    base::configureLog(base::LogLevel::info, base::LogFormat::text);
    std::string name = (std::filesystem::temp_directory_path() / "spheregate-relay-XXXXXX").string();
    directory_ = ::mkdtemp(name.data());
    queue_.path = directory_ / "queue";
    start();
  }
  // A kill -9, and the next life of the process.
  void restart() {
    end();
    dialer_.waiting.clear();
    start();
  }
  void start() {
    disk_ = *queue::openPosixDisk(queue_.path);
    custody_ = std::make_unique<queue::Custody>(queue_, *disk_, runner_, time_.timers, metrics_);
    state_ = std::make_unique<simulation::MemoryStore>(time_.timers, tables_);
    uplink_ = std::make_unique<relay::Uplink>(*custody_, links_, upstream_, *state_, time_.timers, metrics_);
    front_ = std::make_unique<relay::Front>(session_, *custody_, *uplink_, *state_, time_.timers, metrics_);
    uplink_->open(*front_);
  }

  void end() {
    state_.reset();
    front_.reset();
    uplink_.reset();
    custody_.reset();
    disk_.reset();
  }

  // A connection that passed TLS; it lives as long as the test.
  WireView& arrives(const std::string& id = "dev") {
    devices_.push_back(std::make_unique<Device>());
    auto verdict = std::make_shared<tls::Verdict>();
    verdict->accepted = true;
    verdict->deviceId = id;
    front_->welcome(std::move(devices_.back()->wire), std::move(verdict));
    return devices_.back()->view;
  }
  // The CONNACK's code, or 255 without a CONNACK.
  static unsigned says(WireView& view, const mqtt::Connect& connect) {
    base::Bytes out;
    mqtt::appendConnect(out, connect);
    view.user->wireBytes(out);
    return view.sent.size() >= 4 && view.sent[0] == 0x20 ? view.sent[3] : 255;
  }
  static mqtt::Connect connectOf(std::string_view id, std::string_view username = {}) {
    mqtt::Connect connect;
    connect.clientId = id;
    connect.keepAliveSeconds = 60;
    if (!username.empty()) connect.username = username;
    return connect;
  }
  // A dial that waits gets a hub that accepts the CONNECT.
  WireView& hubAccepts() {
    time_.settle();
    EXPECT_FALSE(dialer_.waiting.empty());
    auto done = std::move(dialer_.waiting.front());
    dialer_.waiting.pop_front();
    hubs_.push_back(std::make_unique<WireView>());
    done(std::unique_ptr<base::Wire>{std::make_unique<ScriptedWire>(*hubs_.back())});
    base::Bytes connack;
    mqtt::appendConnack(connack, {.sessionPresent = false, .code = mqtt::ConnackCode::accepted});
    hubs_.back()->sent.clear();
    hubs_.back()->user->wireBytes(connack);
    return *hubs_.back();
  }
  // Every dial that waits fails.
  void hubFails() {
    time_.settle();
    for (auto waiting = std::move(dialer_.waiting); auto& done : waiting) done(std::string{"no route"});
    dialer_.waiting.clear();
  }
  queue::DeviceKey key(std::string_view id = "dev") { return custody_->device(id); }
  std::uint64_t connections(const char* result) {
    return static_cast<std::uint64_t>(metrics_.counter("device_connections_total", "", {{"result", result}}).value());
  }
  // How many log lines of this event `play` leaves.
  template <class Play>
  static int linesOf(const std::string& event, Play play) {
    ::testing::internal::CaptureStderr();
    play();
    const std::string log = ::testing::internal::GetCapturedStderr();
    int count = 0;
    for (auto at = log.find(event); at != std::string::npos; at = log.find(event, at + 1)) ++count;
    return count;
  }

  class Runner final : public queue::DiskRunner {
   public:
    explicit Runner(base::Timers& timers) : timers_{timers} {}
    void submit(Job job, Job done) override {
      job();
      timers_.at(timers_.now(), std::move(done));
    }

   private:
    base::Timers& timers_;
  };
  class Dialer final : public upstream::Dialer {
   public:
    class Attempt final : public upstream::Dial {};
    std::unique_ptr<upstream::Dial> dial(std::string_view, Done done) override {
      waiting.push_back(std::move(done));
      return std::make_unique<Attempt>();
    }
    std::deque<Done> waiting;
  };
  class Passwords final : public upstream::Credentials {
   public:
    std::unique_ptr<upstream::LoginRequest> login(std::string_view, base::WallTime now, Done done) override {
      done(upstream::Login{
          .hub = "contoso.azure-devices.net", .usernameTail = {}, .password = "token", .expires = now + std::chrono::minutes{60}});
      return nullptr;
    }
  };

  ManualTime time_;
  session::Settings session_;
  queue::Settings queue_;
  upstream::Settings upstream_;
  metrics::Registry metrics_;
  Runner runner_{time_.timers};
  Dialer dialer_;
  Passwords passwords_;
  std::mt19937_64 random_{7};
  upstream::Pacer pacer_{time_.timers, 1000};
  upstream::Weather weather_{time_.timers, pacer_, upstream_, random_, metrics_};
  upstream::LinkMetrics linkMetrics_{metrics_};
  upstream::LinkContext linkContext_{.settings = upstream_,
                                     .timers = time_.timers,
                                     .dialer = dialer_,
                                     .weather = weather_,
                                     .credentials = passwords_,
                                     .metrics = linkMetrics_,
                                     .random = random_};
  upstream::OwnLinks links_{linkContext_};
  std::filesystem::path directory_;
  std::vector<std::unique_ptr<Device>> devices_;  // the views outlive the conversations that the front owns
  std::vector<std::unique_ptr<WireView>> hubs_;
  std::unique_ptr<queue::Disk> disk_;
  std::unique_ptr<queue::Custody> custody_;
  simulation::MemoryTables tables_;  // the rows on the disk
  std::unique_ptr<simulation::MemoryStore> state_;
  std::unique_ptr<relay::Uplink> uplink_;
  std::unique_ptr<relay::Front> front_;
};

}  // namespace spheregate::test
