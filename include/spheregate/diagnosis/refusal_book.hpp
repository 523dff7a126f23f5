#pragma once

#include <cstdint>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "spheregate/base/clock.hpp"
#include "spheregate/metrics/registry.hpp"

namespace spheregate::diagnosis {

// How far somebody came.
enum class Stage : std::uint8_t {
  tls,        // the handshake
  connect,    // the CONNECT, or none came
  publish,    // a topic or message it may not send
  subscribe,  // a topic filter it may not have
  session,    // its session was ended by a rule
};
const char* label(Stage stage);

struct Certificate {
  std::string issuer;
  std::string serial;
  std::string notBefore;
  std::string notAfter;
  std::string sha256;
};

// Somebody who was kept out, or a deed that was not allowed. Texts may be what a peer sent: the book escapes and cuts them.
struct Refusal {
  Stage stage = Stage::tls;
  std::string device;  // the name in the certificate; empty when none was shown. At the stage `tls` anybody may claim it
  std::string source;  // the peer's address, without the port
  std::string peer;    // with it
  std::string result;  // label of the metric
  std::string reason;  // a sentence
  std::string fix;     // a sentence; empty when nothing is to be done
  std::string serverName;  // what the device dialled (SNI); empty when it did not say
  std::string protocol;    // TLS version
  Certificate certificate;
};

// One kind of refusal of one device (or of one source, where no certificate was shown).
struct Entry {
  Refusal refusal;  // the latest
  base::WallTime first{};
  base::WallTime last{};
  std::uint64_t count = 0;
  std::optional<base::WallTime> resolved;  // since when it goes well; nothing while it does not
};

// Remembers who was refused, why, and what to do, so that an operator who comes later finds it. In memory only, bounded: at most
// `kEntriesMax` entries, of one source `kOfOneSourceMax`, the ones longest quiet go first, and none outlives `kKeptFor`. Core thread only.
class RefusalBook {
 public:
  static constexpr std::size_t kEntriesMax = 4096;
  // Whoever makes up names must not push out what others have.
  static constexpr std::size_t kOfOneSourceMax = 1024;
  static constexpr base::Duration kKeptFor = std::chrono::hours{24 * 30};

  RefusalBook(const base::Clock& clock, metrics::Registry& metrics);
  RefusalBook(const RefusalBook&) = delete;
  RefusalBook& operator=(const RefusalBook&) = delete;

  void add(Refusal refusal);
  // The device got through this stage; who passed CONNECT passed TLS too, and its session stands again.
  void wentWell(Stage stage, std::string_view device);

  // The latest first, in all of these. The pointers are good until the next change.
  std::vector<const Entry*> recent(std::size_t most) const;
  std::vector<const Entry*> ofDevice(std::string_view device) const;
  std::vector<const Entry*> ofSource(std::string_view source) const;
  // Names in the book that differ from this one in letter case at most.
  std::vector<std::string> namesLike(std::string_view device) const;
  // Every name in the book once.
  std::vector<std::string_view> names() const;
  // The device's latest that has not gone well since; null when there is none.
  const Entry* trouble(std::string_view device) const;
  std::size_t size() const { return entries_.size(); }
  // How many refusals were added, ever; and the entries that have one of those after so many.
  std::uint64_t changes() const { return changes_; }
  std::vector<const Entry*> since(std::uint64_t changes, std::size_t most) const;

 private:
  struct Kept {
    Entry entry;
    base::MonoTime touched{};
    std::string key;
    std::uint64_t change = 0;  // the latest, by its number
  };
  using Place = std::list<Kept>::iterator;

  void forget(Place place);
  void forgetOld();
  void makeRoom(std::string_view source);
  std::size_t troubled() const;

  const base::Clock& clock_;
  std::uint64_t changes_ = 0;
  std::list<Kept> entries_;  // the latest first
  std::unordered_map<std::string_view, Place> places_;              // views into the entries
  std::unordered_multimap<std::string_view, Place> byDevice_;       // likewise; only those with a name
  std::unordered_map<std::string, std::size_t> ofSource_;           // how many each has
};

}  // namespace spheregate::diagnosis
