#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>

#include "spheregate/base/bytes.hpp"

namespace spheregate::hubsim {

// One PUBLISH as it arrived. Its topic is `devices/{device}/messages/events` and the suffix,
// of a module `devices/{edge}/modules/$edgeHub/messages/events`.
struct Message {
  std::shared_ptr<const std::string> device;
  std::string suffix;
  base::Bytes payload;
  std::uint64_t connection = 0;
  std::int64_t atMs = 0;  // wall clock, since 1970
  std::uint8_t qos = 0;
  bool dup = false;
  bool retain = false;
  bool will = false;  // published by the hub for a connection that was lost
  bool acknowledged = false;
};

// Every message in the order of arrival. Above `messagesMax` the oldest are forgotten, and counted.
class Archive {
 public:
  // Where a message was put; stays harmless when the message has been forgotten.
  struct Place {
    std::uint64_t generation = 0;
    std::uint64_t index = 0;
  };

  // With `messagesMax` zero nothing is kept.
  explicit Archive(std::size_t messagesMax) : messagesMax_{messagesMax} {}

  Place add(Message message);
  void acknowledge(const Place& place);
  void clear();

  std::uint64_t forgotten() const { return first_; }
  std::size_t size() const { return messages_.size(); }
  const Message& at(std::uint64_t index) const { return messages_[static_cast<std::size_t>(index - first_)]; }

  // JSON array, arrival order, indexes from `from` on, at most `limit`; only of `device` when one is given.
  std::string json(const std::optional<std::string>& device, std::uint64_t from, std::size_t limit) const;

 private:
  std::size_t messagesMax_;
  std::deque<Message> messages_;
  std::uint64_t first_ = 0;  // index of messages_.front()
  std::uint64_t generation_ = 0;
};

}  // namespace spheregate::hubsim
