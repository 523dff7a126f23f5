#include "spheregate/upstream/kept_messages.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include "spheregate/base/log.hpp"
#include "spheregate/hub/device_id.hpp"
#include "spheregate/hub/instant.hpp"
#include "spheregate/hub/property_bag.hpp"
#include "spheregate/upstream/link.hpp"
#include "spheregate/upstream/origin.hpp"

namespace spheregate::upstream {
namespace {

// No message lives longer at IoT Hub, and one that names no end must not stay for ever.
constexpr std::chrono::hours kLifeMax{48};
constexpr std::string_view kPlace = "/messages/devicebound";
constexpr std::string_view kDevices = "devices/";
constexpr std::size_t kNumberDigits = 20;
constexpr std::size_t kHeaderBytes = 12;  // expiry in milliseconds since 1970, length of the suffix; big-endian

// The suffix of `devices/{id}/messages/devicebound{suffix}`.
std::optional<std::string_view> suffixOf(std::string_view topic) {
  const auto place = topic.find(kPlace);
  if (!topic.starts_with(kDevices) || place == std::string_view::npos) return std::nullopt;
  return topic.substr(place + kPlace.size());
}

// Whether the device's own topic can be made of it: its id may be longer than the gateway's.
bool fits(std::string_view deviceId, std::string_view suffix) {
  return kDevices.size() + deviceId.size() + kPlace.size() + suffix.size() <= kTopicBytesMax;
}

std::optional<std::string> valueOf(const std::vector<hub::Property>& properties, std::string_view key) {
  const auto found = std::find_if(properties.rbegin(), properties.rend(), [&](const hub::Property& one) { return one.key == key; });
  return found == properties.rend() ? std::nullopt : found->value;
}

// Keys sort in the order of arrival.
std::string keyOf(const std::string& deviceId, std::uint64_t number) {
  const std::string digits = std::to_string(number);
  return deviceId + "/" + std::string(kNumberDigits - digits.size(), '0') + digits;
}

void appendNumber(std::string& row, std::uint64_t value, int bytes) {
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) row += static_cast<char>(value >> shift & 0xFF);
}

std::uint64_t readNumber(std::string_view row) {
  std::uint64_t value = 0;
  for (const char c : row) value = value << 8 | static_cast<unsigned char>(c);
  return value;
}

std::string rowOf(const KeptMessage& message) {
  std::string row;
  const auto expires = std::chrono::duration_cast<std::chrono::milliseconds>(message.expires.time_since_epoch()).count();
  appendNumber(row, static_cast<std::uint64_t>(expires), 8);
  appendNumber(row, message.suffix.size(), 4);
  row += message.suffix;
  return row.append(base::asText(message.payload));
}

std::optional<KeptMessage> readRow(std::string_view row) {
  if (row.size() < kHeaderBytes) return std::nullopt;
  const std::uint64_t suffixBytes = readNumber(row.substr(8, 4));
  if (row.size() - kHeaderBytes < suffixBytes) return std::nullopt;
  KeptMessage message;
  message.expires = base::WallTime{std::chrono::milliseconds{readNumber(row.substr(0, 8))}};
  message.suffix = row.substr(kHeaderBytes, suffixBytes);
  const base::ByteView payload = base::asBytes(row.substr(kHeaderBytes + suffixBytes));
  message.payload.assign(payload.begin(), payload.end());
  return message;
}

std::size_t bytesOf(const KeptMessage& message) { return message.suffix.size() + message.payload.size(); }

metrics::Counter& deadCounter(metrics::Registry& metrics, const char* reason) {
  return metrics.counter("cloud_messages_dead_total", "Cloud-to-device messages for the gateway that reached no device.", {{"reason", reason}});
}

}  // namespace

KeptMessages::KeptMessages(state::Store& store, const base::Clock& clock, metrics::Registry& metrics)
    : store_{store},
      clock_{clock},
      untargeted_{deadCounter(metrics, "no_device")},
      tooLong_{deadCounter(metrics, "topic_too_long")},
      noRoom_{deadCounter(metrics, "no_room")},
      unstored_{deadCounter(metrics, "store")},
      kept_{metrics.counter("cloud_messages_kept_total", "Cloud-to-device messages for the gateway that were stored for a device.")},
      expired_{deadCounter(metrics, "expired")} {
  metrics::Gauge& waiting = metrics.gauge("cloud_messages", "Cloud-to-device messages that are stored for devices now.");
  metrics.beforeScrape([this, &waiting] { waiting.set(static_cast<double>(size())); });
  load();
}

void KeptMessages::load() {
  for (auto& [key, row] : store_.all(state::Table::cloudMessages)) {
    const auto slash = key.rfind('/');
    auto message = readRow(row);
    if (!message || slash == std::string::npos || !fits(std::string_view{key}.substr(0, slash), message->suffix)) {
      base::logWarn("kept cloud message unreadable", {{"key", key}, {"consequence", "it is gone"}});
      store_.erase(state::Table::cloudMessages, key);
      continue;
    }
    (void)std::from_chars(key.data() + slash + 1, key.data() + key.size(), message->number);
    message->handed = true;
    last_ = std::max(last_, message->number);
    ++messages_;
    bytes_ += bytesOf(*message);
    byDevice_[key.substr(0, slash)].emplace(message->number, std::move(*message));
  }
}

void KeptMessages::keep(const ControlMessage& message) {
  const auto suffix = suffixOf(message.topic);
  if (!suffix) return;
  const auto properties = hub::parseBag(*suffix);
  const auto target = properties ? valueOf(*properties, kOriginKey) : std::nullopt;
  if (!target || !hub::validDeviceId(*target)) {
    return dead(untargeted_, target ? "the property spheregate-device is not a device id" : "there is no property spheregate-device",
                "send messages for a device to the gateway's device with the application property spheregate-device = the device's id");
  }
  if (!fits(*target, *suffix)) return dead(tooLong_, "its properties are too long for the device's topic", "keep the properties below 64,000 bytes");
  KeptMessage kept{.number = 0, .suffix = std::string{*suffix}, .payload = message.payload, .expires = clock_.wall() + kLifeMax, .handed = false};
  if (const auto ends = valueOf(*properties, "$.exp")) kept.expires = std::min(kept.expires, hub::parseInstant(*ends).value_or(kept.expires));
  {
    const std::lock_guard lock{mutex_};
    if (message.dup && takenBefore(*target, kept)) return;
    kept.number = ++last_;
    if (messages_ >= kMessagesMax + kSurplusMax) {
      return dead(noRoom_, "too many messages wait for devices", "bring the devices that do not come back, or let messages expire sooner");
    }
  }
  const bool stored = store_.changeAndWait(state::Table::cloudMessages, keyOf(*target, kept.number),
                                           [row = rowOf(kept)](std::optional<std::string>& present) { present = row; });
  if (!stored) return dead(unstored_, "it could not be stored", "see the log for what is wrong with the store");
  kept_.add();
  const std::lock_guard lock{mutex_};
  ++messages_;
  bytes_ += bytesOf(kept);
  arrivals_.push_back(*target);
  byDevice_[*target].emplace(kept.number, std::move(kept));
}

// The hub repeats what it had no acknowledgement for.
bool KeptMessages::takenBefore(const std::string& deviceId, const KeptMessage& message) const {
  const auto known = byDevice_.find(deviceId);
  return known != byDevice_.end() && std::any_of(known->second.begin(), known->second.end(), [&](const auto& entry) {
           return entry.second.suffix == message.suffix && entry.second.payload == message.payload;
         });
}

void KeptMessages::dead(metrics::Counter& counter, std::string_view reason, std::string_view fix) {
  counter.add();
  base::logWarn("cloud message lost", {{"reason", reason}, {"fix", fix}});
}

std::vector<std::string> KeptMessages::arrivals() {
  const std::lock_guard lock{mutex_};
  return std::exchange(arrivals_, {});
}

std::optional<KeptMessage> KeptMessages::next(const std::string& deviceId, std::uint64_t after) {
  const base::WallTime now = clock_.wall();
  const std::lock_guard lock{mutex_};
  while (true) {
    const auto known = byDevice_.find(deviceId);
    if (known == byDevice_.end()) return std::nullopt;
    const auto found = known->second.upper_bound(after);
    if (found == known->second.end()) return std::nullopt;
    if (found->second.expires > now) return found->second;
    expired_.add();
    after = found->first;
    forget(deviceId, after);
  }
}

void KeptMessages::handed(const std::string& deviceId, std::uint64_t number) {
  const std::lock_guard lock{mutex_};
  const auto known = byDevice_.find(deviceId);
  if (known == byDevice_.end()) return;
  const auto found = known->second.find(number);
  if (found != known->second.end()) found->second.handed = true;
}

void KeptMessages::done(const std::string& deviceId, std::uint64_t number) {
  const std::lock_guard lock{mutex_};
  forget(deviceId, number);
}

void KeptMessages::forgetExpired() {
  const base::WallTime now = clock_.wall();
  const std::lock_guard lock{mutex_};
  std::vector<std::pair<std::string, std::uint64_t>> over;
  for (const auto& [deviceId, messages] : byDevice_) {
    for (const auto& [number, message] : messages) {
      if (message.expires <= now) over.emplace_back(deviceId, number);
    }
  }
  expired_.add(over.size());
  for (const auto& [deviceId, number] : over) forget(deviceId, number);
}

// A crash before the row is gone repeats the message to the device, with DUP.
void KeptMessages::forget(const std::string& deviceId, std::uint64_t number) {
  const auto known = byDevice_.find(deviceId);
  if (known == byDevice_.end()) return;
  const auto found = known->second.find(number);
  if (found == known->second.end()) return;
  --messages_;
  bytes_ -= bytesOf(found->second);
  known->second.erase(found);
  if (known->second.empty()) byDevice_.erase(known);
  store_.erase(state::Table::cloudMessages, keyOf(deviceId, number));
}

bool KeptMessages::full() const {
  const std::lock_guard lock{mutex_};
  return messages_ >= kMessagesMax || bytes_ >= kBytesMax || !store_.usable();
}

std::size_t KeptMessages::size() const {
  const std::lock_guard lock{mutex_};
  return messages_;
}

}  // namespace spheregate::upstream
