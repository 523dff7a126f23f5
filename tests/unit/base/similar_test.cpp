#include "spheregate/base/similar.hpp"

#include <gtest/gtest.h>

namespace spheregate::base {
namespace {

TEST(Nearest, isTheWordThatAPersonMeant) {
  const std::vector<std::string> words{"status", "config", "support-bundle"};
  EXPECT_EQ(nearest("statsu", words), "status");
  EXPECT_EQ(nearest("cofig", words), "config");
  EXPECT_EQ(nearest("support", words), "support-bundle");
  EXPECT_EQ(nearest("queue", words), std::nullopt);
  EXPECT_EQ(nearest("s", words), std::nullopt);
  EXPECT_EQ(nearest(std::string(1000, 's'), words), std::nullopt);
}

}  // namespace
}  // namespace spheregate::base
