#pragma once

#include <list>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "core.hpp"
#include "segment_files.hpp"
#include "spheregate/queue/dead_letter.hpp"
#include "spheregate/queue/disk.hpp"

namespace spheregate::queue {

// Messages that cannot be delivered, one file each in dead-letters/: a line of JSON that says whose and why, then the body.
class DeadLetters {
 public:
  DeadLetters(Core& core, Disk& disk, DiskRunner& runner, std::shared_ptr<SegmentFiles> files);
  ~DeadLetters() { *alive_ = false; }
  DeadLetters(const DeadLetters&) = delete;
  DeadLetters& operator=(const DeadLetters&) = delete;

  // The message leaves when its file is on stable storage. Beyond a share of the store it is dropped and counted instead.
  void bury(DeviceQueue& queue, Sequence sequence, base::ByteView body, DeadReason kind, std::string_view reason);

  void list(std::string_view after, std::size_t limit, LettersListed done);
  void read(const std::string& id, LetterRead done);

  // Why it cannot be retried now, apart from room in the store; nothing when it can. One at a time of each device: two messages in a row on
  // which the hub closes the connection would be hard to find (docs/decisions/0007).
  const NoLetter* objection(const DeadLetter& letter);
  // The letter is the message `sequence` of this queue from now on: its file goes, and `done` is told, when the message and the books of its
  // device are on stable storage. Until then a crash leaves the letter, and perhaps the message too.
  void retried(DeviceQueue& queue, Sequence sequence, std::string id, LetterRetried done);
  // After a batch, and while none is being written.
  void afterBatch();
  // After the store was closed: what is not done will not be.
  void giveUp();

 private:
  struct Retry {
    std::string id;
    DeviceKey device;
    Sequence sequence;
    LetterRetried done;
    bool removing = false;
  };
  using Retries = std::list<Retry>;

  void buried(DeviceKey key, Sequence sequence, const std::string& id, std::uint64_t bytes, const boost::system::error_code& failure);
  bool isSafe(const Retry& retry);
  void remove(Retries::iterator retry);
  void forget(const std::string& id);
  std::string freshId();

  Core& core_;
  Disk& disk_;  // in jobs of the runner alone
  DiskRunner& runner_;
  std::shared_ptr<SegmentFiles> files_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  std::set<std::pair<DeviceKey, Sequence>> burying_;
  std::uint64_t next_ = 1;
  Retries retries_;
  NoLetter objection_;
};

}  // namespace spheregate::queue
