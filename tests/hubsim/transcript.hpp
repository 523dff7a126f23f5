#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>

#include "spheregate/base/bytes.hpp"

namespace spheregate::hubsim {

// Every packet of every accepted connection in either direction, in order, as bytes; read only when somebody looks. Passwords
// are left out. Bounded by number and bytes, the oldest are forgotten.
class Transcript {
 public:
  enum class Direction : std::uint8_t { fromDevice, toDevice };

  // When not `enabled` nothing is kept.
  explicit Transcript(bool enabled) : enabled_{enabled} {}

  void record(const std::shared_ptr<const std::string>& device, std::uint64_t connection, Direction direction,
              base::ByteView packet);
  void clear();

  // JSON array from index `from` on, at most `limit`; only of `device` when one is given.
  std::string json(const std::optional<std::string>& device, std::uint64_t from, std::size_t limit) const;

 private:
  struct Entry {
    std::shared_ptr<const std::string> device;
    std::uint64_t connection = 0;
    Direction direction{};
    base::Bytes packet;
  };

  bool enabled_;
  std::deque<Entry> entries_;
  std::size_t bytes_ = 0;
  std::uint64_t first_ = 0;  // index of entries_.front()
};

}  // namespace spheregate::hubsim
