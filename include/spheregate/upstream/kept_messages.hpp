#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "spheregate/base/clock.hpp"
#include "spheregate/metrics/registry.hpp"
#include "spheregate/state/store.hpp"
#include "spheregate/upstream/control_client.hpp"

namespace spheregate::upstream {

// A cloud-to-device message that the gateway has taken from the hub for one of its devices.
struct KeptMessage {
  std::uint64_t number = 0;  // in the order of arrival
  std::string suffix;        // of its topic, the slash included, as the hub sent it
  base::Bytes payload;
  base::WallTime expires{};
  bool handed = false;       // the device may have it already
};

// The cloud-to-device messages that came for the gateway and are for its devices: named by the application property
// `spheregate-device`. Paho acknowledges a message when its callback returns, so the hub forgets it then; here it is on stable storage
// until its device has acknowledged it or its time is up. `keep` runs on Paho's thread, everything else on the core thread.
class KeptMessages {
 public:
  // More than this are not asked for; the hub keeps at most 50 for the gateway, so that many may still come.
  static constexpr std::size_t kMessagesMax = 1'000;
  static constexpr std::size_t kBytesMax = 16u << 20;
  static constexpr std::size_t kSurplusMax = 200;

  KeptMessages(state::Store& store, const base::Clock& clock, metrics::Registry& metrics);
  KeptMessages(const KeptMessages&) = delete;
  KeptMessages& operator=(const KeptMessages&) = delete;

  // A message that cannot be kept (for nobody, for no valid device id, no room, a broken store) is counted, logged and gone.
  void keep(const ControlMessage& message);

  // Devices for which something has come since the last call.
  std::vector<std::string> arrivals();
  // The device's first message after this number that has not expired. Expired ones are forgotten.
  std::optional<KeptMessage> next(const std::string& deviceId, std::uint64_t after);
  void handed(const std::string& deviceId, std::uint64_t number);
  // The device has it.
  void done(const std::string& deviceId, std::uint64_t number);
  void forgetExpired();
  // No more should come now, because there is no room, or no store to keep them in.
  bool full() const;
  std::size_t size() const;

 private:
  using Messages = std::map<std::uint64_t, KeptMessage>;

  void load();
  void dead(metrics::Counter& counter, std::string_view reason, std::string_view fix);
  bool takenBefore(const std::string& deviceId, const KeptMessage& message) const;
  void forget(const std::string& deviceId, std::uint64_t number);

  state::Store& store_;
  const base::Clock& clock_;
  // One counter has one writer: these are Paho's thread's.
  metrics::Counter& untargeted_;
  metrics::Counter& tooLong_;
  metrics::Counter& noRoom_;
  metrics::Counter& unstored_;
  metrics::Counter& kept_;
  // The core thread's.
  metrics::Counter& expired_;

  mutable std::mutex mutex_;  // Paho's thread adds, the core thread takes away
  std::map<std::string, Messages> byDevice_;
  std::vector<std::string> arrivals_;
  std::uint64_t last_ = 0;
  std::size_t messages_ = 0;
  std::size_t bytes_ = 0;
};

}  // namespace spheregate::upstream
