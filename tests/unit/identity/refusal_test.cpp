#include <gtest/gtest.h>

#include <set>
#include <string>

#include "spheregate/identity/admission.hpp"

namespace spheregate::identity {
namespace {

TEST(Refusals, haveEachALabelOfTheirOwn) {
  std::set<std::string> labels;
  for (int number = 0; number <= static_cast<int>(Refusal::other); ++number) labels.insert(label(static_cast<Refusal>(number)));
  EXPECT_EQ(labels.size(), static_cast<std::size_t>(Refusal::other) + 1);
  EXPECT_STREQ(label(Refusal::unknownCa), "unknown_ca");
}

}  // namespace
}  // namespace spheregate::identity
