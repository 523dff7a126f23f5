#include <gtest/gtest.h>

#include "contract/state_contract.hpp"
#include "simulation/memory_store.hpp"
#include "unit/fakes.hpp"
#include "unit/state/sqlite_site.hpp"

namespace spheregate::test {
namespace {

class Sqlite {
 public:
  static constexpr bool threaded = true;
  Sqlite() { site_.open(); }
  state::Store& store() { return *site_.kept; }
  void settle() { site_.settle(); }
  void reopen() { site_.open(); }

 private:
  SqliteSite site_;
};

class Memory {
 public:
  static constexpr bool threaded = false;
  state::Store& store() { return *store_; }
  void settle() { time_.pass(std::chrono::seconds{1}); }
  void reopen() { store_ = std::make_unique<simulation::MemoryStore>(time_.timers, disk_); }

 private:
  ManualTime time_;
  simulation::MemoryTables disk_;
  std::unique_ptr<state::Store> store_ = std::make_unique<simulation::MemoryStore>(time_.timers, disk_);
};

class SlowMemory {
 public:
  static constexpr bool threaded = false;
  state::Store& store() { return *store_; }
  void settle() { time_.pass(std::chrono::seconds{1}); }
  void reopen() { store_ = std::make_unique<simulation::MemoryStore>(time_.timers, disk_, random_, std::chrono::milliseconds{20}); }

 private:
  ManualTime time_;
  std::mt19937_64 random_{7};
  simulation::MemoryTables disk_;
  std::unique_ptr<state::Store> store_ =
      std::make_unique<simulation::MemoryStore>(time_.timers, disk_, random_, std::chrono::milliseconds{20});
};

using Stores = ::testing::Types<Sqlite, Memory, SlowMemory>;
INSTANTIATE_TYPED_TEST_SUITE_P(All, StateContract, Stores);

}  // namespace
}  // namespace spheregate::test
