#include "spheregate/config/changes.hpp"

#include <gmock/gmock.h>

#include "keys.hpp"
#include "problems.hpp"

namespace spheregate::config {
namespace {

using Found = std::vector<Change>;

Found between(const std::string& before, const std::string& after) {
  EXPECT_THAT(test::problemsOf(before), testing::IsEmpty());
  EXPECT_THAT(test::problemsOf(after), testing::IsEmpty());
  return changes(parse(before, "f").config, parse(after, "f").config);
}

TEST(Changes, ofCommentsAndOfDefaultsThereAreNone) {
  EXPECT_EQ(between(test::kLeast, "# a word\n" + test::kLeast), Found{});
  EXPECT_EQ(between(test::kLeast, test::leastWith("log", "level: info")), Found{});
  EXPECT_EQ(between(test::leastWith("queue", "message_ttl: 24h"), test::leastWith("queue", "message_ttl: 1d")), Found{});
}

TEST(Changes, areNamedByTheirKeyAndSayWhetherTheyAreLive) {
  EXPECT_EQ(between(test::kLeast, test::leastWith("log", "level: debug, format: json")),
            (Found{{"log.level", true}, {"log.format", false}}));
  EXPECT_EQ(between(test::leastWith("queue", "message_ttl: 1h, drain_rate: 5"), test::kLeast),
            (Found{{"queue.message_ttl", true}, {"queue.drain_rate", true}}));
}

TEST(Changes, ofAnotherTypeOfAuthAreAllKeysThatComeAndGo) {
  EXPECT_EQ(between(test::kLeast, test::leastWithAuth("type: device_keys, keys_file: /a/keys")),
            (Found{{"upstream.auth.type", false},
                   {"upstream.auth.policy_name", false},
                   {"upstream.auth.key_file", false},
                   {"upstream.auth.keys_file", false}}));
}

// Whatever the room of identity decides by can be changed while devices are connected.
TEST(Changes, everythingThatSaysWhoMayConnectIsLive) {
  for (const Key& key : keys()) {
    const bool limit = key.path.starts_with("devices.max_") || key.path.starts_with("devices.connect_");
    if (!key.path.starts_with("devices.") || limit || key.words.starts_with("only ")) continue;
    EXPECT_TRUE(key.live) << key.path;
  }
}

}  // namespace
}  // namespace spheregate::config
