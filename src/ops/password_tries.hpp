#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <string>

#include "spheregate/base/clock.hpp"

namespace spheregate::ops {

// How often one source may try a password that is wrong: a few times at once, then once in a while. It remembers so many sources; when there
// are more, it forgets the one that is rested first.
class PasswordTries {
 public:
  static constexpr int kAtOnce = 5;
  static constexpr base::Duration kInterval = std::chrono::seconds{2};
  static constexpr std::size_t kSourcesMax = 1024;

  // Otherwise nobody should look at what the source says now.
  bool mayTry(const std::string& source, base::MonoTime now) const;
  void wasWrong(const std::string& source, base::MonoTime now);
  std::size_t sources() const { return restedAt_.size(); }

 private:
  void makeRoom(base::MonoTime now);

  std::map<std::string, base::MonoTime> restedAt_;  // when all its tries are there again
};

}  // namespace spheregate::ops
