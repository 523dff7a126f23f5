#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>

namespace spheregate::queue {

// What is known of one segment file.
struct Segment {
  std::uint32_t number = 0;
  std::uint32_t salt = 0;
  std::uint64_t bytes = 0;      // of the file
  std::uint64_t live = 0;       // messages whose only copy is here
  std::uint64_t liveBytes = 0;  // their records
  // Older segments that have messages of which only this one knows that they have left.
  std::set<std::uint32_t> speaksFor;
  std::uint64_t bookBytes = 0;  // device and release records, which a rescue may have to write again
  std::uint64_t snapshots = 0;  // devices whose last record of their books is here
  bool suspect = false;         // has a damaged place: set aside instead of removed
  bool orphans = false;         // has messages that nobody knows the device of: never removed, only set aside
  bool removing = false;
  bool rescued = false;         // what was needed of it was written again; once is enough
  bool carrying = false;        // its devices' books are being written again elsewhere

  void hold(std::uint64_t recordBytes) {
    ++live;
    liveBytes += recordBytes;
  }
  void forget(std::uint64_t recordBytes) {
    --live;
    liveBytes -= recordBytes;
  }
  bool needed() const { return live > 0 || !speaksFor.empty(); }
};

// The segments of the store and the space they take. The last one is written to; whole segments go when nothing in them is
// needed any more. Core thread only.
class Segments {
 public:
  // The next segment; becomes the active one.
  Segment& begin(std::uint32_t salt);
  // One that was found at the start.
  Segment& found(std::uint32_t number, std::uint32_t salt, std::uint64_t bytes);
  // Null before the first `begin`: what was found at the start is never appended to.
  Segment* active() { return active_ == 0 ? nullptr : &all_.at(active_); }
  Segment* find(std::uint32_t number);
  void grow(Segment& segment, std::uint64_t bytes);
  void removed(std::uint32_t number);
  // Everything needed of it is now in the active segment too.
  void rescued(std::uint32_t number);
  void reserveNumber(std::uint32_t number);
  // Files in quarantine and dead letters count too: the limit is for everything.
  void addAside(std::uint64_t bytes) { asideBytes_ += bytes; }
  void removeAside(std::uint64_t bytes) { asideBytes_ -= bytes; }

  std::uint64_t usedBytes() const { return segmentBytes_ + asideBytes_; }
  std::uint64_t asideBytes() const { return asideBytes_; }
  std::map<std::uint32_t, Segment>& all() { return all_; }

 private:
  std::map<std::uint32_t, Segment> all_;
  std::uint32_t active_ = 0;
  std::uint32_t last_ = 0;
  std::uint64_t segmentBytes_ = 0;
  std::uint64_t asideBytes_ = 0;
};

inline constexpr std::uint32_t kSegmentNumberMax = 0xFFFF'FFFF;

// `journal-0000000042.seg` and back; 0 when it is no such name.
std::string segmentName(std::uint32_t number);
std::uint32_t segmentNumber(const std::string& name);

}  // namespace spheregate::queue
