#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "spheregate/queue/custody.hpp"
#include "spheregate/queue/dead_letter.hpp"

namespace spheregate::queue {

// What the store holds of one device.
struct StoredDevice {
  std::string_view id;
  Ledger ledger;               // as the records of the books have it; `accepted` includes what is missing
  std::uint64_t messages = 0;  // found in sound records, and not released
  std::uint64_t missing = 0;   // by the books they are stored and not released, and they are in no sound record
  std::uint64_t bytes = 0;
  std::optional<base::WallTime> oldest;
};

struct StoreFacts {
  std::uint64_t segments = 0;
  std::uint64_t segmentBytes = 0;
  std::uint64_t asideBytes = 0;    // quarantine and dead letters
  std::uint64_t damagedBytes = 0;  // in the middle of segments
  std::uint64_t tornBytes = 0;     // at their ends: what a crash leaves
  std::uint64_t nameless = 0;      // messages of devices that no sound record names
  std::size_t deadLetters = 0;
};

// A store without a daemon, read as the daemon would at its start, and changed in nothing: no file is written, removed, moved or synced.
// Takes as much memory as the daemon does for the same store, plus one segment.
class StoreView {
 public:
  // Refuses a store that a daemon holds; what it does meanwhile could be taken for damage.
  static base::Explained<std::unique_ptr<StoreView>> open(const std::filesystem::path& directory);
  ~StoreView();
  StoreView(const StoreView&) = delete;
  StoreView& operator=(const StoreView&) = delete;

  StoreFacts facts() const;
  std::size_t deviceCount() const;
  StoredDevice device(std::size_t number) const;

  // Each queued message of a device in its order, numbered from 1, until the visitor answers false. The last value says whether it did not.
  using Visit = std::function<bool(const MessageCopy& message)>;
  bool forEachMessage(std::size_t device, const Visit& visit);

  std::vector<std::string> deadLetters() const;  // their ids, in order
  DeadLetter deadLetter(const std::string& id, bool withBody);

  // Whether nobody has touched the store since it was opened; a daemon may have been started. The error says so.
  base::Explained<void> untouched() const;

 private:
  struct Inside;
  explicit StoreView(std::unique_ptr<Inside> inside);
  std::unique_ptr<Inside> inside_;
};

}  // namespace spheregate::queue
