#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "spheregate/base/bytes.hpp"
#include "spheregate/state/store.hpp"

namespace spheregate::relay {

// The durable copies of the devices' twins. Every call runs in the order given and answers on the core thread when what it changed is
// on stable storage, so that a device is never told what a restart would take back. Without a usable store nothing is remembered, and
// the answers say so.
class TwinCache {
 public:
  explicit TwinCache(state::Store& store) : store_{store} {}

  enum class Trust : std::uint8_t {
    newer,  // a twin whose desired version is lower than the one kept is not taken: it may have been overtaken on the way
    any,    // it is: the device was made anew at the hub, and counts from 1 again
  };
  struct Learned {
    bool twin = false;          // the body was one
    bool older = false;         // and was not taken, for its version
    bool first = false;         // there was none before
    std::uint64_t version = 0;  // of the desired section
    std::string body;           // the twin as the device may see it
    std::string difference;     // what changed in the desired section since the device was told; empty: nothing
  };
  // The hub answered a read. `settled`: nothing that the device reported before was still on its way when the hub was asked.
  void learn(std::string_view id, base::ByteView body, Trust trust, bool settled, std::function<void(const Learned&)> done);

  enum class Change : std::uint8_t {
    unknown,  // no twin is kept to compare with
    next,     // by one: kept
    old,      // the device has it
    gap,      // something before it is missing: not kept, read the twin
  };
  void desired(std::string_view id, std::string_view patch, std::uint64_t version, std::function<void(Change)> done);

  struct Answered {
    std::uint64_t mark = 0;
    bool kept = false;                     // `keep` was called for it
    std::optional<std::uint64_t> version;  // of the reported section from now on; nothing when the hub refused the patch
  };
  // The hub answered a patch. `done(true)`: that was the last of those that were kept, so a read of the twin will settle them.
  void answered(std::string_view id, base::ByteView patch, const Answered& answer, std::function<void(bool last)> done);
  // The gateway is about to answer a patch in the hub's place. Marks tell patches apart.
  void keep(std::string_view id, base::ByteView patch, std::uint64_t mark, std::function<void()> done);
  // The body that answers a read; nothing while the hub never showed the twin.
  void read(std::string_view id, std::function<void(std::optional<std::string> body)> done);

 private:
  state::Store& store_;
};

}  // namespace spheregate::relay
