#include "twin_row.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <random>

#include "spheregate/hub/twin.hpp"
#include "twin_world.hpp"

namespace spheregate::relay {
namespace {

json shown(const TwinRow& row) { return json::parse(twinBody(row))["reported"]; }

TEST(TwinRow, aDeviceCannotMakeItGrow) {
  TwinRow row{.desired = R"({"$version":1})", .reported = R"({"a":{"old":1},"$version":4})", .pending = {}};
  for (int round = 0; round < 1000; ++round) {
    addPending(row, R"({"a":null})");
    addPending(row, R"({"a":{"b":1}})");
  }
  EXPECT_LE(row.pending.size(), 8);
  EXPECT_LT(encode(row).size(), 1000);
  EXPECT_EQ(shown(row), json::parse(R"({"a":{"b":1},"$version":4})"));
  row.reported = R"({"a":{"old":1},"$version":5})";
  EXPECT_EQ(shown(row), json::parse(R"({"a":{"b":1},"$version":5})")) << "the version is the hub's";
}

TEST(TwinRow, whatIsPendingHasTheEffectOfEveryPatch) {
  std::mt19937_64 random{7};
  for (int history = 0; history < 200; ++history) {
    TwinRow row{.desired = "{}", .reported = R"({"a":1,"b":{"x":1},"$version":1})", .pending = {}};
    json expected = json::parse(row.reported);
    std::uint64_t values = 0;
    for (int patches = 0; patches < 60; ++patches) {
      const json patch = anyPatch(random, values);
      expected.merge_patch(patch);
      addPending(row, patch.dump());
      ASSERT_EQ(shown(row), expected) << patch;
    }
  }
}

TEST(TwinRow, patchesOfATwinThatNobodyReadDoNotPileUpEither) {
  TwinRow row;
  for (int round = 0; round < 100; ++round) {
    addPending(row, R"({"a":null,"c":2})");
    addPending(row, R"({"a":{"b":1}})");
  }
  EXPECT_LE(row.pending.size(), 8);
  row.desired = "{}";
  row.reported = R"({"z":1})";
  EXPECT_EQ(shown(row), json::parse(R"({"a":{"b":1},"c":2,"z":1})"));
}

}  // namespace
}  // namespace spheregate::relay
