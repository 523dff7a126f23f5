#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <variant>
#include <vector>

#include "spheregate/base/bytes.hpp"

namespace spheregate::queue {

// A message that could not be delivered, as it lies in dead-letters/ of the store.
struct DeadLetter {
  std::string id;           // the name of its file
  std::uint64_t bytes = 0;  // of its file
  // Why the file cannot be read; then nothing of what follows is known.
  std::string fault;
  std::string device;
  std::string reason;            // why the message is there
  std::string kind;              // unreadable, refused or poison; empty in files of the first versions
  std::uint64_t acceptedMs = 0;  // Unix time
  std::uint64_t deadMs = 0;      // likewise; 0 in files of the first versions
  base::Bytes body;              // as it was in custody; not in lists
};

// In the order of their ids, which is that of their times.
struct DeadLetterPage {
  std::vector<DeadLetter> letters;
  std::size_t total = 0;    // on all pages
  std::uint64_t bytes = 0;  // of all
  bool more = false;
};

// Why there is no letter, or why it stays one.
struct NoLetter {
  // underWay: it, or another one of its device, is on its way; later it may go.
  enum class Why : std::uint8_t { unknown, unreadable, underWay, noRoom, closed };
  Why why = Why::unknown;
  std::string sentence;  // what is wrong; what to do
};

// Answers come on the core thread, later.
using LettersListed = std::function<void(DeadLetterPage page)>;
using LetterRead = std::function<void(std::variant<DeadLetter, NoLetter> letter)>;
// Nothing is wrong: the message is on stable storage at the end of its device's queue, or with the hub already, and the letter is gone.
using LetterRetried = std::function<void(const NoLetter* problem)>;

}  // namespace spheregate::queue
