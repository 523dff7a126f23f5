#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "spheregate/base/bytes.hpp"
#include "spheregate/base/clock.hpp"
#include "spheregate/base/result.hpp"
#include "spheregate/base/timers.hpp"
#include "spheregate/metrics/registry.hpp"
#include "spheregate/queue/copies.hpp"
#include "spheregate/queue/dead_letter.hpp"
#include "spheregate/queue/disk.hpp"
#include "spheregate/queue/settings.hpp"

namespace spheregate::queue {

// A device's number in this process: dense, given at first sight, never reused.
enum class DeviceKey : std::uint32_t {};
// A message's number within its device: 1, 2, 3 … in the order accepted.
using Sequence = std::uint64_t;

enum class Acceptance : std::uint8_t {
  taken,    // in custody; `safe` will say when it may be acknowledged
  full,     // no room: hold the message and stop reading until `roomAgain`
  dropped,  // no room and the policy drops the newest: counted; acknowledge it, so that the device goes on
  closed,   // there is no usable store: never acknowledge
};

struct Accepted {
  Acceptance acceptance = Acceptance::closed;
  Sequence sequence = 0;
};

// Why a message becomes a dead letter, for the metric.
enum class DeadReason : std::uint8_t {
  unreadable,  // it cannot be sent as it is
  refused,     // the hub answered that it does not want it
  poison,      // the hub closes the connection on it
};

enum class Urgency : std::uint8_t {
  wait,  // the device's link is up: write only if the hub has not acknowledged within commit_after
  now,   // the uplink is down for this device: write with the next batch
};

// A message on its way to the hub. The view is valid until the next call to Custody.
struct Outgoing {
  Sequence sequence = 0;
  base::ByteView body;
  bool resent = false;  // was offered before, perhaps in an earlier life of the process: set DUP
};

// accepted = delivered + queued + expired + dropped + deadLettered, per device and in total, always. A dead letter that is retried is queued
// again and not dead-lettered any more.
struct Ledger {
  std::uint64_t accepted = 0;
  std::uint64_t delivered = 0;
  std::uint64_t expired = 0;
  std::uint64_t dropped = 0;
  std::uint64_t deadLettered = 0;
  bool operator==(const Ledger&) const = default;
};

struct DeviceQueueState {
  std::string_view id;
  Ledger ledger;
  std::uint64_t messages = 0;  // queued: accepted and not yet finished
  std::uint64_t bytes = 0;
  std::optional<base::WallTime> oldest;
};

// What is in the queues, counted message by message, for comparing with what is written down. All messages that are queued.
struct Recount {
  std::uint64_t messages = 0;
  std::uint64_t bytes = 0;
  bool operator==(const Recount&) const = default;
};

// What custody tells the one who uses it. On the core thread, never from inside a call to Custody.
class CustodyUser {
 public:
  virtual ~CustodyUser() = default;
  // Everything of the device up to and including `through` is on stable storage or with the hub: acknowledge it.
  virtual void safe(DeviceKey device, Sequence through) = 0;
  // `next` may have something it did not have before: bodies came from disk, or a window slot became free.
  virtual void ready(DeviceKey device) = 0;
  // There is room after `full`.
  virtual void roomAgain() = 0;
  // The store failed a write or a sync and is closed for good: refuse QoS 1 with CONNACK 3, close the devices' connections.
  virtual void storeClosed(std::string_view reason) = 0;
};

// Custody of messages: takes them from devices, keeps each until the hub has acknowledged it, in memory first and on disk when
// that takes too long. Core thread only; all file work goes through the DiskRunner. See FORMAT.md for the bytes.
//
// One Custody a store. After the first failed write or sync it is closed: nothing is acknowledged from then on, but what is in
// memory and readable on disk is still offered to the hub.
class Custody {
 public:
  Custody(const Settings& settings, Disk& disk, DiskRunner& runner, base::Timers& timers, metrics::Registry& metrics);
  ~Custody();
  Custody(const Custody&) = delete;
  Custody& operator=(const Custody&) = delete;

  // Reads the store in place, before the loop runs; a damaged region is set aside and counted, never fatal. On error (no
  // directory, read error, disk full of something else) the store is closed and `closedReason` says why; still usable.
  void open(CustodyUser& user);

  DeviceKey device(std::string_view id);
  // Nothing for a device that was never seen and has nothing queued.
  std::optional<DeviceKey> find(std::string_view id) const;
  std::string_view id(DeviceKey device) const;
  std::size_t deviceCount() const;  // keys are 0 … deviceCount() - 1

  // `body` is copied. `qos0`: nobody waits for an acknowledgement, so with no room it is dropped and counted.
  Accepted accept(DeviceKey device, base::ByteView body, Urgency urgency, bool qos0 = false);
  // The link went down: everything of this device that is not safe yet is written with the next batch.
  void commitNow(DeviceKey device);

  // The device's next message not yet offered since the last `rewind`; nothing when there is none now (`ready` tells when).
  // Never more than `window` messages of a device are offered and unfinished; a message that is on disk stays unfinished until
  // the record of its release is on stable storage too, so a crash repeats at most one window.
  std::optional<Outgoing> next(DeviceKey device, std::size_t window);
  // The link was lost: offer again from the first that the hub has not acknowledged.
  void rewind(DeviceKey device);
  // The hub acknowledged it. Unknown or repeated numbers are ignored.
  void delivered(DeviceKey device, Sequence sequence);
  // Takes the message out of the way and keeps `body` in `dead-letters/` with the reason (one line of plain text).
  void deadLetter(DeviceKey device, Sequence sequence, base::ByteView body, DeadReason kind, std::string_view reason);

  // What lies in dead-letters/, after this id. What somebody put there by hand is seen from the next start on.
  void listDeadLetters(std::string_view after, std::size_t limit, LettersListed done);
  void readDeadLetter(const std::string& id, LetterRead done);
  // Accepts `body` at the end of the queue of the letter's device, as of now, and removes the letter when that is on stable storage. A crash
  // before leaves the letter, and perhaps both. `done` may be told at once.
  void retryDeadLetter(const DeadLetter& letter, base::ByteView body, LetterRetried done);
  // A part of what is queued, for somebody who wants to look.
  void copy(const CopyWish& wish, CopiesMade done);

  // How long messages may wait from now on, those that wait already too; 0: for ever.
  void setMessageTtl(std::chrono::milliseconds ttl);

  bool hasBacklog(DeviceKey device) const;
  // In custody, or on its way out, and that not on stable storage yet.
  bool holds(DeviceKey device, Sequence sequence) const;
  // The number of the device's newest message; 0 before the first.
  Sequence newest(DeviceKey device) const;
  std::vector<DeviceKey> devicesWithBacklog() const;
  DeviceQueueState state(DeviceKey device) const;
  Ledger totals() const;
  std::uint64_t queuedMessages() const;
  std::uint64_t queuedBytes() const;
  // Nothing when nothing is queued. Looks at each device.
  std::optional<double> oldestAgeSeconds() const;
  std::uint64_t diskBytes() const;
  std::uint64_t limitBytes() const;
  std::size_t deadLetters() const;
  // Goes through the queue; some nanoseconds for each message.
  Recount recount(DeviceKey device) const;
  bool isOpen() const;
  std::string_view closedReason() const;  // empty while open

  // Writes and syncs everything still only in memory, and the ledger; then `done`. For a graceful stop.
  void flush(std::function<void()> done);

 private:
  struct Inside;
  std::unique_ptr<Inside> inside_;
};

}  // namespace spheregate::queue
