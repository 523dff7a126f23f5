#include "spheregate/hub/instant.hpp"

#include <gtest/gtest.h>

#include <chrono>

namespace spheregate::hub {
namespace {

std::int64_t seconds(std::string_view text) {
  const auto instant = parseInstant(text);
  return instant ? std::chrono::duration_cast<std::chrono::seconds>(instant->time_since_epoch()).count() : -1;
}

TEST(Instant, readsWhatTheHubWrites) {
  EXPECT_EQ(seconds("2023-11-14T22:13:20Z"), 1'700'000'000);
  EXPECT_EQ(seconds("2023-11-14T22:13:20.1234567Z"), 1'700'000'000);
  EXPECT_EQ(seconds("2023-11-14T22:13:20.1+00:00"), 1'700'000'000);
  EXPECT_EQ(seconds("2023-11-14T22:13:20"), 1'700'000'000);
  EXPECT_EQ(seconds("1970-01-01T00:00:00Z"), 0);
  EXPECT_GT(seconds("9999-12-31T23:59:59.9999999Z"), 7'000'000'000);
}

TEST(Instant, refusesWhatIsNone) {
  for (const char* text : {"", "tomorrow", "2023-11-14", "2023-13-14T22:13:20Z", "2023-02-30T00:00:00Z", "2023-11-14T24:13:20Z",
                           "2023-11-14T22:13:20.Z", "2023-11-14T22:13:20+02:00", "2023-11-14 22:13:20Z", "2023-11-14T22:13:20Zx"}) {
    EXPECT_EQ(seconds(text), -1) << text;
  }
}

}  // namespace
}  // namespace spheregate::hub
