#include "spheregate/app/daemon.hpp"

#include <boost/asio/signal_set.hpp>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <utility>

#include "admin_routes.hpp"
#include "calendar.hpp"
#include "device_names.hpp"
#include "exit_code.hpp"
#include "hub_logins.hpp"
#include "inherited_door.hpp"
#include "judge.hpp"
#include "log_control.hpp"
#include "operator_view.hpp"
#include "process.hpp"
#include "progress.hpp"
#include "refusal_record.hpp"
#include "reloading.hpp"
#include "required.hpp"
#include "reviews.hpp"
#include "server_name.hpp"
#include "spheregate/app/event_loop.hpp"
#include "spheregate/app/version.hpp"
#include "spheregate/base/log.hpp"
#include "spheregate/identity/admission.hpp"
#include "spheregate/metrics/registry.hpp"
#include "spheregate/ops/service.hpp"
#include "spheregate/pki/renewal.hpp"
#include "spheregate/queue/custody.hpp"
#include "spheregate/queue/disk_thread.hpp"
#include "spheregate/queue/posix_disk.hpp"
#include "spheregate/relay/front.hpp"
#include "spheregate/relay/uplink.hpp"
#include "spheregate/state/store.hpp"
#include "spheregate/tls/connector.hpp"
#include "spheregate/tls/listener.hpp"
#include "spheregate/upstream/control_address.hpp"
#include "spheregate/upstream/control_client.hpp"
#include "spheregate/upstream/dialer.hpp"
#include "spheregate/upstream/gateway_link.hpp"
#include "spheregate/upstream/kept_messages.hpp"
#include "spheregate/upstream/own_link.hpp"
#include "spheregate/upstream/pacer.hpp"
#include "spheregate/upstream/shared_links.hpp"
#include "startup_error.hpp"
#include "stewardship.hpp"
#include "store_versions.hpp"
#include "trust_changes.hpp"
#include "unusable_disk.hpp"
#include "vitals.hpp"

namespace spheregate::app {
namespace {

// How long a disk may take to store what is in memory when the gateway stops. Nothing of that has been acknowledged yet.
constexpr std::chrono::seconds kStopTimeMax{10};
// For the last packets to devices and hub to leave before the sockets go.
constexpr std::chrono::milliseconds kGoodbye{200};

// Where the configuration comes from.
struct Origin {
  std::filesystem::path file;
  const config::Config& asWritten;  // what the file said, which the daemon's may fall short of where the system is too small for it
  ops::FileStamps asRead;           // of everything that is watched, from before it was read
  StartContents atStart;            // likewise, of what is read only once
};

// The rooms, from the bottom up. Members are destroyed in the reverse order, so what is used outlives its users.
class Daemon {
 public:
  Daemon(const config::Config& config, const Origin& origin);
  int run();

 private:
  // Why devices cannot be served.
  std::optional<std::string> notReady() const;
  std::unique_ptr<queue::Disk> openDisk();
  std::unique_ptr<upstream::Links> openLinks();
  void openGatewayLink(bool shared);
  void tendGateway();
  void openDoor();
  void welcome(tls::Arrival arrival);
  void beginToWatch(const Origin& origin);
  void bringUpTo(const config::Config& config);
  void awaitSignal();
  // Everything that may change while the gateway runs; what was done, or what is wrong.
  base::Explained<std::string> reload();
  void stop(const char* signal);
  void leave();
  [[noreturn]] void leaveNow(const char* why);

  const config::Config& config_;
  metrics::Registry metrics_;  // before the loop, whose pending operations may still count something when they are dropped
  EventLoop loop_;
  LogControl log_{loop_.timers(), metrics_, config_.logLevel};

  // Custody. The disk thread goes last of the three, so that no job outlives the disk it writes to.
  std::string storeFault_;  // why the store's directory could not be opened
  std::unique_ptr<queue::Disk> disk_{openDisk()};
  queue::DiskThread diskThread_{[this](std::function<void()> job) { loop_.post(std::move(job)); }};
  queue::Custody custody_{config_.queue, *disk_, diskThread_, loop_.timers(), metrics_};
  Vitals vitals_{config_.queue.path, diskThread_, loop_.timers(), metrics_};

  // What else outlives the process: twins, sessions, assignments.
  std::unique_ptr<state::Store> state_{
      state::openSqliteStore(config_.queue.path / "state", [this](std::function<void()> job) { loop_.post(std::move(job)); }, metrics_)};

  // Who may connect, by which clock, and who has been here before.
  identity::ClockFloor clock_{loop_.clock(), *state_, metrics_, kReleaseDate};
  identity::KnownDevices knownDevices_{*state_, loop_.timers(), metrics_};
  std::unique_ptr<identity::Admission> admission_{required(identity::Admission::load(config_.identity, clock_, knownDevices_, metrics_))};

  // The certificate that devices see, renewed before the door opens and while it is open.
  pki::Renewal renewal_{{config_.authority, config_.listener.certificate}, loop_.timers(), clock_, metrics_, [this] {
                          // Not from within a reload.
                          loop_.post([this] {
                            if (reloading_) reloading_->request();
                          });
                        }};

  // The way to the hub: trust, logins, and the links: each device's own, or shares of the gateway's own connection. What Paho's thread
  // stores comes before Paho, so that it outlives it.
  std::unique_ptr<upstream::KeptMessages> keptMessages_;
  std::unique_ptr<tls::Connector> connector_{required(tls::Connector::open(loop_.asio(), config_.connector))};
  upstream::TlsDialer dialer_{*connector_};
  std::mt19937_64 random_{std::random_device{}()};
  HubLogins logins_{config_, loop_, *state_, random_, metrics_};
  upstream::Pacer pacer_{loop_.timers(), upstream::allowance(config_.upstream).connects};
  upstream::Weather weather_{loop_.timers(), pacer_, config_.upstream, random_, metrics_};
  upstream::LinkMetrics linkMetrics_{metrics_};
  std::optional<upstream::LinkContext> linkContext_;
  std::optional<upstream::LinkMetrics> gatewayMetrics_;  // of the gateway's own connection, where devices have theirs
  std::unique_ptr<upstream::GatewayLink> gatewayLink_;
  std::unique_ptr<upstream::Links> links_{openLinks()};

  // Who was refused and why, and what people call the devices.
  diagnosis::RefusalBook refusals_{loop_.clock(), metrics_};
  RefusalRecord record_{refusals_};
  std::unique_ptr<DeviceNames> names_{required(DeviceNames::load(config_.identity))};

  // The purpose: devices on one side, the hub on the other.
  relay::Uplink uplink_{custody_, *links_, config_.upstream, *state_, loop_.timers(), metrics_};
  relay::Front front_{config_.session, custody_, uplink_, *state_, loop_.timers(), metrics_};

  // The gateway's own twin, where the gateway is somebody at the hub.
  std::unique_ptr<steward::Steward> steward_;

  // What operators see. It names parts that are made later, but nobody asks before the loop runs.
  OperatorView view_{{.loop = loop_,
                      .config = config_,
                      .metrics = metrics_,
                      .custody = custody_,
                      .front = front_,
                      .uplink = uplink_,
                      .known = knownDevices_,
                      .admission = *admission_,
                      .refusals = refusals_,
                      .names = *names_,
                      .state = *state_,
                      .logins = logins_,
                      .weather = weather_,
                      .reloading = reloading_,
                      .calendar = calendar_,
                      .listener = listener_,
                      .notReady = [this] { return notReady(); }}};
  AdminRoutes routes_{{.status = [this] { return view_.status(); }, .front = front_, .custody = custody_, .uplink = uplink_, .log = log_,
                       .metrics = [this] { return metrics_.text(); }, .reload = [this] { return reload(); }}};
  std::unique_ptr<ops::AdminSocket> admin_{openAdminSocket(loop_.asio(), config_.admin, routes_)};
  ops::Service service_{loop_.timers(), standstillOf(diskThread_, *state_)};

  // The door, opened last.
  std::unique_ptr<tls::Listener> listener_;

  // What changes while all this runs: trust, certificates, the configuration.
  Reviews reviews_{loop_.timers(), *admission_, front_, metrics_};
  std::optional<Reloading> reloading_;
  std::optional<Calendar> calendar_;

  boost::asio::signal_set signals_{loop_.asio(), SIGTERM, SIGINT, SIGHUP};
  base::Timer stopDeadline_{loop_.timers()};
  base::Timer goodbye_{loop_.timers()};
  bool stopping_ = false;
};

Daemon::Daemon(const config::Config& config, const Origin& origin) : config_{config} {
  renewal_.begin();
  checkServerName(config_.listener.certificate, config_.hostname);
  service_.status("reading the store");
  front_.tell(record_);
  record_.onVisit([this](std::string_view device) { view_.visited(device); });
  front_.serve(config_.upstream.hub);
  uplink_.open(front_);
  if (gatewayLink_) tendGateway();
  openDoor();
  beginToWatch(origin);
}

void Daemon::openDoor() {
  listener_ = required(tls::Listener::open(loop_.asio(), config_.listener, loop_.clock(), metrics_, judgeBy(*admission_),
                                           [this](tls::Arrival arrival) { welcome(std::move(arrival)); }, record_.atTheDoor()));
  keepDoor(config_.listener, *listener_, service_);
  base::logInfo("listening", {{"address", listener_->address()},
                              {"port", listener_->port()},
                              {"hub", config_.upstream.hub},
                              {"tenant_cas", admission_->tenantCas().size()},
                              {"queued_messages", custody_.queuedMessages()}});
}

void Daemon::welcome(tls::Arrival arrival) {
  if (reviews_.turnsAway(*arrival.verdict, arrival.wire->peer())) return;
  admission_->arrived(admittedBy(*arrival.verdict));
  front_.welcome(std::move(arrival.wire), std::move(arrival.verdict));
}

void Daemon::beginToWatch(const Origin& origin) {
  reloading_.emplace(ReloadParts{.file = origin.file,
                                 .asRead = origin.asRead,
                                 .atStart = origin.atStart,
                                 .loop = loop_.asio(),
                                 .timers = loop_.timers(),
                                 .metrics = metrics_,
                                 .admission = *admission_,
                                 .listener = *listener_,
                                 .names = *names_,
                                 .prepareHttp = [this](const ops::HttpSettings& http) { return view_.prepare(http); },
                                 .taken = [this](const config::Config& taken) { bringUpTo(taken); }},
                     origin.asWritten);
  calendar_.emplace(loop_.timers(), metrics_, [this] { return datesOf(reloading_->inForce(), *listener_, *admission_); });
  calendar_->look();
  metrics_.beforeScrape([this, seen = SeenByCa{}]() mutable { seen.show(*admission_, metrics_); });
}

// Trust and server certificate are swapped already; what was wished from the cloud stays.
void Daemon::bringUpTo(const config::Config& config) {
  reviews_.review();
  renewal_.follow({config.authority, config.listener.certificate});
  calendar_->look();
  if (steward_) return steward_->configure(configuredBy(config));
  log_.configure(config.logLevel);
  custody_.setMessageTtl(configuredBy(config).messageTtl);
  uplink_.setDrainRate(config.upstream.drainPerSecond);
}

// What was wished at the last time there was an uplink is in force before the first device is let in.
void Daemon::tendGateway() {
  steward_ = makeSteward({.config = config_,
                          .gateway = *gatewayLink_,
                          .store = *state_,
                          .timers = loop_.timers(),
                          .admission = *admission_,
                          .custody = custody_,
                          .uplink = uplink_,
                          .front = front_,
                          .log = log_});
  steward_->begin();
  gatewayLink_->open();
}

std::unique_ptr<queue::Disk> Daemon::openDisk() {
  auto disk = queue::openPosixDisk(config_.queue.path);
  if (disk) return std::move(*disk);
  // Without a store the gateway still starts, says why it refuses devices, and never pretends.
  storeFault_ = disk.error();
  base::logError("store unusable", {{"reason", storeFault_}});
  return std::make_unique<UnusableDisk>();
}

std::unique_ptr<upstream::Links> Daemon::openLinks() {
  const bool shared = config_.upstream.mode == upstream::Mode::shared;
  if (shared) keptMessages_ = std::make_unique<upstream::KeptMessages>(*state_, loop_.clock(), metrics_);
  if (logins_.gateway()) openGatewayLink(shared);
  if (shared) return std::make_unique<upstream::SharedLinks>(*gatewayLink_, *keptMessages_, config_.upstream, loop_.timers());
  linkContext_.emplace(upstream::LinkContext{.settings = config_.upstream,
                                             .timers = loop_.timers(),
                                             .dialer = dialer_,
                                             .weather = weather_,
                                             .credentials = logins_.devices(),
                                             .metrics = linkMetrics_,
                                             .random = random_});
  return std::make_unique<upstream::OwnLinks>(*linkContext_);
}

void Daemon::openGatewayLink(bool shared) {
  upstream::ControlClient::Keep keep;
  if (shared) {
    base::logInfo("shared mode", {{"device", config_.upstream.auth.deviceId},
                                  {"consequence", "all devices send under the gateway's identity; they have no twins and no direct methods"}});
    keep = [this](const upstream::ControlMessage& message) { keptMessages_->keep(message); };
  } else {
    gatewayMetrics_.emplace(metrics_, "gateway_");
  }
  gatewayLink_ = std::make_unique<upstream::GatewayLink>(
      upstream::GatewayContext{.settings = config_.upstream,
                               .address = required(upstream::controlAddress(config_.connector, config_.connector.host, config_.connector.port)),
                               .patience = config_.connector.connectTimeout,
                               .timers = loop_.timers(),
                               .clients = logins_.clients(),
                               .identity = *logins_.gateway(),
                               .metrics = shared ? linkMetrics_ : *gatewayMetrics_,
                               .random = random_},
      std::move(keep));
}

std::optional<std::string> Daemon::notReady() const {
  if (stopping_) return "the gateway is stopping";
  if (!storeFault_.empty()) return "the store cannot be used: " + storeFault_;
  if (!custody_.isOpen()) return "the store is closed: " + std::string{custody_.closedReason()};
  if (!listener_) return "the gateway is starting";
  return std::nullopt;
}

int Daemon::run() {
  awaitSignal();
  service_.ready();
  service_.status("accepting devices on port " + std::to_string(listener_->port()));
  loop_.run();
  return kGood;
}

void Daemon::awaitSignal() {
  signals_.async_wait([this](const boost::system::error_code& error, int signal) {
    if (error) return;
    if (signal == SIGHUP) {
      if (!stopping_) static_cast<void>(reload());
    } else {
      if (stopping_) leaveNow("a second signal came");
      stop(signal == SIGTERM ? "SIGTERM" : "SIGINT");
    }
    awaitSignal();
  });
}

base::Explained<std::string> Daemon::reload() {
  service_.reloading();
  log_.reset("a reload was asked for");
  reloading_->request();
  service_.reloaded();
  return reloading_->outcome();
}

// No new devices, no reading; what is in memory goes to the disk; then the links say goodbye.
void Daemon::stop(const char* signal) {
  stopping_ = true;
  base::logInfo("stopping", {{"signal", signal}, {"queued_messages", custody_.queuedMessages()}});
  service_.stopping();
  view_.stop();
  stopDeadline_.after(kStopTimeMax, [this] { leaveNow("the disk did not take in time what was in memory"); });
  listener_->stop();
  front_.shutDown();
  custody_.flush([this] {
    // Its answer comes after all that was given to the state before.
    state_->read(state::Table::gateway, {}, [this](const std::optional<std::string>&) { leave(); });
  });
}

void Daemon::leave() {
  stopDeadline_.cancel();
  uplink_.close();
  if (gatewayLink_) gatewayLink_->close();
  base::logInfo("stopped", {{"queued_messages", custody_.queuedMessages()}});
  goodbye_.after(kGoodbye, [this] { loop_.stop(); });
}

// Without tidying up, because that would wait for the disk thread. What was acknowledged is safe, as after a kill -9.
void Daemon::leaveNow(const char* why) {
  base::logError("stopped at once", {{"reason", why}, {"queued_messages", custody_.queuedMessages()}});
  std::_Exit(kFailed);
}

}  // namespace

int runDaemon(const config::Config& config, const std::filesystem::path& file) {
  beginLog(config.logLevel, config.logFormat);
  ignoreBrokenPipes();
  ignoreHangUps();
  const Origin origin{.file = file, .asWritten = config, .asRead = ops::stampsOf(watchedPlaces(file, config)), .atStart = StartContents{config}};
  config::Config inEffect = config;
  inEffect.listener.connectionsMax = raiseFileLimit(config.listener.connectionsMax);
  try {
    refuseNewerStore(config.queue.path);
    inheritDoor(inEffect.listener);
    Daemon daemon{inEffect, origin};
    return daemon.run();
  } catch (const StartupError& error) {
    std::fprintf(stderr, "spheregate: %s\n", error.what());
    return kBadConfiguration;
  }
}

}  // namespace spheregate::app
