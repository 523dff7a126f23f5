#pragma once

#include <optional>
#include <string_view>

#include "limits.hpp"
#include "recent.hpp"
#include "spheregate/base/clock.hpp"

namespace spheregate::tls {

// Sources from which nobody got in, again and again. An Azure Sphere app that is refused knocks once a second for ever, each time
// with a whole handshake; after three refusals in a row the door stays shut for a while, longer each time, so that it costs next
// to nothing. Between two pauses it is open for a second: of many that share an address each has its try. One that gets in ends it.
class Knocks {
 public:
  explicit Knocks(std::size_t sourcesMax = kSourcesMax) : sources_{sourcesMax} {}

  bool mustWait(std::string_view source, base::MonoTime now);
  void refused(std::string_view source, base::MonoTime now);
  void gotIn(std::string_view source) { sources_.forget(source); }

  // How many were refused in a row, those that found the door shut not counted.
  unsigned inRow(std::string_view source);
  // Of those who find the door shut one in a minute has a line; how many had none before it.
  std::optional<std::uint64_t> mayLog(std::string_view source, base::MonoTime now);

 private:
  struct Source {
    unsigned row = 0;
    base::Duration pause{};
    base::MonoTime shutFrom{};
    base::MonoTime shutUntil{};
    std::optional<base::MonoTime> loggedAt;
    std::uint64_t unlogged = 0;
  };
  Recent<Source> sources_;
};

}  // namespace spheregate::tls
