#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "calendar.hpp"
#include "device_names.hpp"
#include "hub_logins.hpp"
#include "live_events.hpp"
#include "reloading.hpp"
#include "spheregate/app/event_loop.hpp"
#include "spheregate/config/config.hpp"
#include "spheregate/diagnosis/refusal_book.hpp"
#include "spheregate/history/day.hpp"
#include "spheregate/history/rates.hpp"
#include "spheregate/ops/http_server.hpp"
#include "spheregate/tls/listener.hpp"
#include "status.hpp"

namespace spheregate::app {

// What is shown; all of it outlives the view. What the daemon makes later is looked at only when the loop runs.
struct ViewParts {
  EventLoop& loop;
  const config::Config& config;
  metrics::Registry& metrics;
  const queue::Custody& custody;
  relay::Front& front;
  const relay::Uplink& uplink;
  const identity::KnownDevices& known;
  const identity::Admission& admission;
  const diagnosis::RefusalBook& refusals;
  const DeviceNames& names;
  const state::Store& state;
  const HubLogins& logins;
  const upstream::Weather& weather;
  const std::optional<Reloading>& reloading;
  const std::optional<Calendar>& calendar;
  const std::unique_ptr<tls::Listener>& listener;
  std::function<std::optional<std::string>()> notReady;  // a sentence when devices cannot be served
};

// What operators see of the running gateway: its status for whoever asks, the last day, what happens now, and the HTTP listener. Core thread only.
class OperatorView {
 public:
  // Throws StartupError when the listener cannot be opened.
  explicit OperatorView(ViewParts parts);

  StatusParts status() const;
  // A device connected, or is gone.
  void visited(std::string_view device) { live_.visited(device); }
  // See ops::HttpServer::prepare.
  base::Explained<std::function<void()>> prepare(const ops::HttpSettings& settings) const { return http_->prepare(settings); }
  // Whoever listens to events hears no more.
  void stop() { http_->endEvents(); }

 private:
  FleetParts fleet() const;
  ops::HttpSources sources();
  std::optional<ops::AdminAnswer> read(const ops::AdminRequest& request) const;
  history::Sample sample() const;
  void beat();

  ViewParts parts_;
  const base::MonoTime started_;
  history::Rates rates_;
  history::Day day_;
  base::Timer beat_;
  LiveEvents live_;
  std::unique_ptr<ops::HttpServer> http_;
};

}  // namespace spheregate::app
