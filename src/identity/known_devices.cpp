#include "spheregate/identity/known_devices.hpp"

#include <algorithm>
#include <charconv>
#include <utility>
#include <vector>

#include "spheregate/base/log.hpp"

namespace spheregate::identity {
namespace {

constexpr std::string_view kFormat = "1 ";
constexpr std::size_t kShaDigits = 64;
constexpr std::int64_t kWriteEverySeconds = 86'400;
// Others may want the store, too.
constexpr std::size_t kWritesAtOnce = 256;
constexpr std::size_t kDueMax = 2 * KnownDevices::kDevicesMax;
constexpr base::Duration kRetry = std::chrono::seconds{30};

static_assert(KnownDevices::kDevicesMax <= state::kRowsReadMax);
static_assert(kWritesAtOnce < state::kCallsMax / 16);

bool lowerHex(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); }

// Takes a whole, not negative number off the front, together with `after`, which must follow.
std::optional<std::int64_t> takeNumber(std::string_view& text, std::string_view after) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || number < 0) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  if (!text.starts_with(after)) return std::nullopt;
  text.remove_prefix(after.size());
  return number;
}

}  // namespace

std::string sightingRow(const Sighting& sighting) {
  return std::string{kFormat} + sighting.caSha256 + " " + std::to_string(sighting.firstSeconds) + " " + std::to_string(sighting.lastSeconds);
}

std::optional<Sighting> readSightingRow(std::string_view row) {
  if (!row.starts_with(kFormat) || row.size() < kFormat.size() + kShaDigits + 1) return std::nullopt;
  row.remove_prefix(kFormat.size());
  Sighting sighting{.caSha256 = std::string{row.substr(0, kShaDigits)}};
  if (!std::all_of(sighting.caSha256.begin(), sighting.caSha256.end(), lowerHex) || row[kShaDigits] != ' ') return std::nullopt;
  row.remove_prefix(kShaDigits + 1);
  const auto first = takeNumber(row, " ");
  if (!first) return std::nullopt;
  const auto last = takeNumber(row, "");
  if (!last || !row.empty()) return std::nullopt;
  sighting.firstSeconds = *first;
  sighting.lastSeconds = *last;
  return sighting;
}

KnownDevices::KnownDevices(state::Store& store, base::Timers& timers, metrics::Registry& metrics, std::size_t devicesMax)
    : store_{store},
      devicesMax_{devicesMax},
      unreadable_{metrics.counter("known_devices_unreadable_total", "Stored rows of known devices that could not be read and were ignored.")},
      forgotten_{metrics.counter("known_devices_forgotten_total", "Known devices that were forgotten to make room for others.")},
      retry_{timers} {
  metrics.beforeScrape([this, &gauge = metrics.gauge("known_devices", "Devices that were let in with a valid certificate before."),
                        alive = std::weak_ptr{alive_}] {
    if (!alive.expired()) gauge.set(static_cast<double>(devices_.size()));
  });
  load();
}

KnownDevices::~KnownDevices() = default;

void KnownDevices::load() {
  std::vector<std::pair<std::string, Sighting>> found;
  for (auto& [device, row] : store_.all(state::Table::knownDevices)) {
    auto sighting = readSightingRow(row);
    if (sighting && !device.empty()) found.emplace_back(std::move(device), std::move(*sighting));
    else unreadable_.add();
  }
  std::sort(found.begin(), found.end(), [](const auto& one, const auto& other) {
    return std::pair{one.second.lastSeconds, std::string_view{one.first}} < std::pair{other.second.lastSeconds, std::string_view{other.first}};
  });
  for (auto& [device, sighting] : found) place(std::move(device), sighting);
  if (!found.empty() || unreadable_.value() > 0) {
    base::logInfo("known devices restored", {{"devices", devices_.size()}, {"unreadable", unreadable_.value()}});
  }
  write();
}

void KnownDevices::place(std::string device, const Sighting& sighting) {
  if (devices_.size() >= devicesMax_) forgetOldest();
  const auto [entry, isNew] = devices_.try_emplace(std::move(device));
  Device& made = entry->second;
  assign(made, sighting.caSha256);
  made.firstSeconds = sighting.firstSeconds;
  made.lastSeconds = made.storedSeconds = sighting.lastSeconds;
  made.age = byAge_.insert(byAge_.end(), &entry->first);
}

void KnownDevices::assign(Device& device, const std::string& caSha256) {
  const auto next = cas_.try_emplace(caSha256).first;
  ++next->second;
  if (device.ca && --device.ca->second == 0) cas_.erase(cas_.find(device.ca->first));
  device.ca = &*next;
}

void KnownDevices::forgetOldest() {
  const auto oldest = devices_.find(*byAge_.front());
  byAge_.pop_front();
  if (--oldest->second.ca->second == 0) cas_.erase(cas_.find(oldest->second.ca->first));
  const std::string device = oldest->first;
  devices_.erase(oldest);
  forgotten_.add();
  due(device);
}

bool KnownDevices::seen(const std::string& device, const std::string& caSha256, std::int64_t nowSeconds) {
  const auto found = devices_.find(device);
  if (found == devices_.end()) {
    place(device, {.caSha256 = caSha256, .firstSeconds = nowSeconds, .lastSeconds = nowSeconds});
    due(device);
    write();
    return true;
  }
  Device& known = found->second;
  byAge_.splice(byAge_.end(), byAge_, known.age);
  known.lastSeconds = nowSeconds;
  const bool moved = known.ca->first != caSha256;
  if (moved) assign(known, caSha256);
  if (moved || std::abs(nowSeconds - known.storedSeconds) >= kWriteEverySeconds) {
    known.storedSeconds = nowSeconds;
    due(device);
    write();
  }
  return false;
}

std::optional<Sighting> KnownDevices::of(const std::string& device) const {
  const auto found = devices_.find(device);
  if (found == devices_.end()) return std::nullopt;
  return Sighting{.caSha256 = found->second.ca->first, .firstSeconds = found->second.firstSeconds, .lastSeconds = found->second.lastSeconds};
}

std::vector<std::string_view> KnownDevices::names() const {
  std::vector<std::string_view> all;
  all.reserve(devices_.size());
  for (const auto& entry : devices_) all.emplace_back(entry.first);
  return all;
}

std::size_t KnownDevices::seenBy(const std::string& caSha256) const {
  const auto found = cas_.find(caSha256);
  return found == cas_.end() ? 0 : found->second;
}

// Of rows that are to go there could be more and more while the disk takes nothing; one that stays there is only read once more.
void KnownDevices::due(const std::string& device) {
  if (store_.usable() && due_.size() < kDueMax) due_.insert(device);
}

// The answers of the store come in the order of the calls, so the last one for a device tells.
void KnownDevices::write() {
  while (!due_.empty() && writing_ < kWritesAtOnce && !retry_.armed()) {
    std::string device = std::move(due_.extract(due_.begin()).value());
    const auto done = [this, device, alive = std::weak_ptr{alive_}](bool stored) {
      if (!alive.expired()) written(device, stored);
    };
    ++writing_;
    const auto sighting = of(device);
    if (sighting) store_.put(state::Table::knownDevices, std::move(device), sightingRow(*sighting), done);
    else store_.erase(state::Table::knownDevices, std::move(device), done);
  }
}

void KnownDevices::written(const std::string& device, bool stored) {
  --writing_;
  if (!stored) {
    due(device);
    if (!due_.empty() && !retry_.armed()) retry_.after(kRetry, [this] { write(); });
  }
  write();
}

}  // namespace spheregate::identity
