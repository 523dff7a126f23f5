#pragma once

#include <boost/asio/io_context.hpp>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "device_names.hpp"
#include "spheregate/base/log_gate.hpp"
#include "spheregate/base/timers.hpp"
#include "spheregate/config/config.hpp"
#include "spheregate/identity/admission.hpp"
#include "spheregate/metrics/registry.hpp"
#include "spheregate/ops/file_stamps.hpp"
#include "spheregate/ops/file_watch.hpp"
#include "spheregate/tls/listener.hpp"
#include "start_files.hpp"

namespace spheregate::app {

// What a reload reads and changes; all of it outlives the reloading.
struct ReloadParts {
  std::filesystem::path file;  // of the configuration
  ops::FileStamps asRead;      // of `watchedPlaces`, from before the process read them
  StartContents atStart;       // likewise
  boost::asio::io_context& loop;
  base::Timers& timers;
  metrics::Registry& metrics;
  identity::Admission& admission;
  tls::Listener& listener;
  DeviceNames& names;
  // Of the HTTP listener: reads its files; what comes back takes them into use.
  std::function<base::Explained<std::function<void()>>(const ops::HttpSettings&)> prepareHttp;
  // After trust and server certificate have been swapped: brings everything else up to the configuration.
  std::function<void(const config::Config&)> taken;
};

// Takes changes of the configuration and of the files it names, while the gateway runs: when one of them changes, and when asked.
//
// All or nothing: everything is read and checked first, and if any part is bad none of it is taken. Files that belong together are
// written one after another, so what is found bad after a change is looked at once more two seconds later before it counts as an error.
class Reloading {
 public:
  // `started` is what the process was started with.
  Reloading(ReloadParts parts, config::Config started);

  // SIGHUP: at once, and what is wrong is said at once.
  void request();

  // The configuration in force, but for the keys that need a restart.
  const config::Config& inForce() const { return inForce_; }

  struct State {
    bool good = true;     // the latest reload was taken
    std::string problem;  // why not
    base::WallTime at;    // when something was taken the last time
    std::vector<std::string> restartNeeded;  // keys whose new value, or the new content of whose file, waits for a restart
  };
  const State& state() const { return state_; }
  // What came of the latest reload, in words: what is in force and what is not, or what is wrong.
  base::Explained<std::string> outcome() const;

 private:
  enum class Why : std::uint8_t { changed, stillBad, asked };
  void reload(Why why);
  // The configuration that was taken, or what is wrong.
  base::Explained<config::Config> take();
  void succeeded(config::Config next, Why why);
  void failed(const std::string& problem, Why why);
  void tellChanges(const config::Config& next, Why why);
  void tellWaiting(const config::Config& next, Why why);
  // With what is in force, also where the wanted configuration looks for its files.
  std::vector<std::filesystem::path> placesOf(const config::Config& wanted) const;

  ReloadParts parts_;
  const config::Config started_;
  config::Config inForce_;
  config::Config wanted_;  // what the file says, when it could be read
  State state_;
  ops::FileStamps seen_;     // what is in force, as it was before it was read
  ops::FileStamps reading_;  // likewise, of what is read now
  base::LogGate again_;
  metrics::Counter& taken_;
  metrics::Counter& refused_;
  metrics::Gauge& lastGood_;
  metrics::Gauge& restartNeeded_;
  metrics::Gauge& lastTime_;
  base::Timer patience_;
  ops::FileWatch watch_;
};

// Every file and directory whose content decides who may connect and what devices and operators are shown, the configuration itself, and
// what is read only at the start, of which a change is told.
std::vector<std::filesystem::path> watchedPlaces(const std::filesystem::path& file, const config::Config& config);

}  // namespace spheregate::app
