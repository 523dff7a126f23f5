#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "spheregate/metrics/registry.hpp"

namespace spheregate::state {

// What is kept of each kind. The names are those of the tables, so a kind may be added, and none renamed.
enum class Table : std::uint8_t {
  twins,          // by device id
  sessions,       // by device id
  assignments,    // by registration id
  gateway,        // by name
  cloudMessages,
  knownDevices,   // by device id
};
inline constexpr std::size_t kTables = 6;
const char* label(Table table);

inline constexpr std::size_t kKeyBytesMax = 1024;
inline constexpr std::size_t kRowBytesMax = 1u << 20;
inline constexpr std::size_t kRowsReadMax = 100'000;
// Calls whose callback has not come yet.
inline constexpr std::size_t kCallsMax = 16'384;

// Changes one row: `row` is the present value or nothing, and what it is set to is stored; nothing deletes it. Runs on the store's
// thread, so it owns copies of all it uses; must not throw. Runs exactly once, also when the store is broken (then on nothing, and
// what it leaves is not stored).
using Change = std::function<void(std::optional<std::string>& row)>;
using Rows = std::vector<std::pair<std::string, std::string>>;

// Small durable state, a row at a time: what has to outlive the process and is not a message on its way to the hub.
//
// All calls from the core thread unless said otherwise. What is asked runs in the order given; callbacks come on the core thread,
// never inside the call, in the order of the calls, and may be empty. One exception: a call beyond `kCallsMax` is refused, and then
// its change runs on nothing, on the core thread, and its callback overtakes those that still wait. After destruction, which stores
// what was given before, no callback comes any more.
class Store {
 public:
  using Done = std::function<void(bool stored)>;
  using Give = std::function<void(std::optional<std::string> row)>;

  virtual ~Store() = default;
  // `done(true)`: on stable storage. `done(false)`: not stored, and never will be: the store is broken or has no room, the key or
  // what the change left is too long. (Of a disk that failed a sync nobody knows: if the process dies before its next change, the row
  // may be there after all.)
  virtual void change(Table table, std::string key, Change change, Done done) = 0;
  void put(Table table, std::string key, std::string row, Done done = {}) {
    change(table, std::move(key), [made = std::move(row)](std::optional<std::string>& kept) { kept = made; }, std::move(done));
  }
  void erase(Table table, std::string key, Done done = {}) {
    change(table, std::move(key), [](std::optional<std::string>& kept) { kept.reset(); }, std::move(done));
  }
  // After all changes given before. Nothing when there is no such row, or the store is broken.
  virtual void read(Table table, std::string key, Give give) = 0;
  // `answered` runs after all that was given before, like that of a read, and whatever waits: for whoever watches over the store's thread
  // and must not hear from a refusal that it lives.
  virtual void knock(std::function<void()> answered) {
    read(Table::gateway, {}, [told = std::move(answered)](const std::optional<std::string>&) { told(); });
  }
  // Rows of a table whose key begins with `prefix`, at most `rowsMax`, in the order of the keys' bytes, after all changes given
  // before. For start-up: waits for the store's thread.
  virtual Rows all(Table table, std::string_view prefix = {}, std::size_t rowsMax = kRowsReadMax) = 0;
  // For a thread of the Paho client, which may wait: true when on stable storage. From any thread but core and store's; never refused
  // for `kCallsMax`. Who calls it returns before the store is destroyed.
  virtual bool changeAndWait(Table table, std::string key, Change change) = 0;

  virtual bool usable() const = 0;
  // Why it is not usable, and what to do; empty while it is.
  virtual std::string_view fault() const = 0;
};

// Opens or makes `directory`/state.db and starts its thread; `post` brings a callback to the core thread (for example asio::post on
// its loop) and may be called by any thread.
//
// Never fails. A damaged file is set aside as state.db.damaged-N, counted and logged, and a new one begun. With no usable directory,
// with a file that another process holds, or one of a newer version of the program, the store is there but not usable.
std::unique_ptr<Store> openSqliteStore(const std::filesystem::path& directory, std::function<void(std::function<void()>)> post,
                                       metrics::Registry& metrics);

}  // namespace spheregate::state
