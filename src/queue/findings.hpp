#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "record.hpp"
#include "spheregate/queue/custody.hpp"

namespace spheregate::queue {

// What the records of one device say, in one life of the process that wrote them.
struct Findings {
  struct Place {
    std::uint64_t life = 0;
    std::uint32_t segment = 0;
    std::uint32_t offset = 0;
  };
  struct Found {
    std::uint64_t ordinal;
    std::uint64_t acceptedMs;
    Place place;
    std::uint32_t order;  // among all messages read: of several with one ordinal the last one counts
    std::uint32_t size;
    bool gone = false;
  };
  struct Range {
    std::uint64_t first;
    std::uint64_t count;
    std::uint32_t segment;
  };
  struct Speaking {
    std::uint32_t who;
    std::uint32_t forWhom;
  };

  std::string id;  // empty: no device record was found
  std::uint64_t nextOrdinal = 1;
  std::uint64_t storedFinished = 0;
  Ledger books;
  std::uint32_t snapshotSegment = 0;
  std::vector<Found> messages;
  std::vector<Range> releases;
  std::uint32_t livesLeft = 0;  // for the first of a device's findings: how many are still to be gathered in it

  // Sorts the messages, and marks those that have left or are older copies. Says which segment has to outlive which other.
  std::vector<Speaking> judge();
};

// The findings of all lives. A number of a device means the same in all segments of a life, so one sound device record is enough.
class FindingsOfLives {
 public:
  void note(const Record& record, const Findings::Place& place);
  // In the order in which they were first met.
  const std::vector<Findings*>& inOrder() const { return order_; }
  // The first findings of this device.
  Findings& ofDevice(const std::string& id) { return *firstOf_.at(id); }

 private:
  Findings& of(std::uint64_t life, std::uint32_t number);
  void noteDevice(Findings& findings, const DeviceRecord& record, std::uint32_t segment);
  static void noteRelease(Findings& findings, const ReleaseRecord& record, std::uint32_t segment);

  std::map<std::uint64_t, std::unordered_map<std::uint32_t, std::unique_ptr<Findings>>> lives_;
  std::vector<Findings*> order_;
  std::unordered_map<std::string, Findings*> firstOf_;
  std::uint32_t messagesRead_ = 0;
};

}  // namespace spheregate::queue
