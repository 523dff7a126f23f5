#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "spheregate/base/timers.hpp"
#include "spheregate/metrics/registry.hpp"
#include "spheregate/state/store.hpp"

namespace spheregate::identity {

// When a device was let in with a valid certificate, and by which CA the last time. Unix time.
struct Sighting {
  std::string caSha256;
  std::int64_t firstSeconds = 0;
  std::int64_t lastSeconds = 0;
  bool operator==(const Sighting&) const = default;
};

// The devices that were let in with a valid certificate, across restarts: `expired_grace` is for them only, and they tell when an old
// tenant CA may go. At most `kDevicesMax`; beyond that who was seen longest ago is forgotten.
//
// A row is written for a new device, for another CA, and once a day, so that a fleet that comes and goes does not wear the disk. Nobody
// waits for the store: what it could not take is offered again, and a crash may forget who was new in its last moments; such a device
// needs a valid certificate once more. With a store that cannot be used, only who was seen since the start is known.
// Lives on the core thread; the references outlive it.
class KnownDevices {
 public:
  static constexpr std::size_t kDevicesMax = 100'000;

  // Reads what an earlier life of the process has left, and waits for that.
  KnownDevices(state::Store& store, base::Timers& timers, metrics::Registry& metrics, std::size_t devicesMax = kDevicesMax);
  ~KnownDevices();

  // True when the device is new.
  bool seen(const std::string& device, const std::string& caSha256, std::int64_t nowSeconds);
  bool knows(const std::string& device) const { return devices_.contains(device); }
  std::optional<Sighting> of(const std::string& device) const;
  std::size_t size() const { return devices_.size(); }
  // In no order. Views that are good until the next change.
  std::vector<std::string_view> names() const;
  // Devices whose latest valid certificate was of this CA.
  std::size_t seenBy(const std::string& caSha256) const;

 private:
  // CAs are few and their names are long, so a device holds the place of one in this table.
  using Cas = std::unordered_map<std::string, std::size_t>;  // SHA-256: how many devices
  struct Device {
    Cas::value_type* ca = nullptr;
    std::int64_t firstSeconds = 0;
    std::int64_t lastSeconds = 0;
    std::int64_t storedSeconds = 0;  // `lastSeconds` as the store has it, or will have it
    std::list<const std::string*>::iterator age;
  };

  void load();
  void place(std::string device, const Sighting& sighting);
  void assign(Device& device, const std::string& caSha256);
  void forgetOldest();
  void due(const std::string& device);
  void write();
  void written(const std::string& device, bool stored);

  state::Store& store_;
  const std::size_t devicesMax_;
  metrics::Counter& unreadable_;
  metrics::Counter& forgotten_;
  Cas cas_;
  std::unordered_map<std::string, Device> devices_;
  std::list<const std::string*> byAge_;  // keys of `devices_`, who was seen longest ago first
  std::unordered_set<std::string> due_;  // their rows in the store are not what is here
  std::size_t writing_ = 0;
  base::Timer retry_;
  const std::shared_ptr<const bool> alive_ = std::make_shared<const bool>(true);
};

// `1 <SHA-256 of the CA> <first seen> <last seen>`.
std::string sightingRow(const Sighting& sighting);
// Nothing when `sightingRow` could not have made it.
std::optional<Sighting> readSightingRow(std::string_view row);

}  // namespace spheregate::identity
