#include "text_table.hpp"

#include <gtest/gtest.h>

namespace spheregate::app {
namespace {

const std::vector<std::vector<std::string>> kRows{{"DEVICE", "LAST REFUSAL"}, {"12345678…9abc", "expired: the certificate expired 2 h ago"}};

TEST(TextTable, alignsByCharactersAndGivesScriptsEverything) {
  EXPECT_EQ(table(kRows),
            "DEVICE         LAST REFUSAL\n"
            "12345678…9abc  expired: the certificate expired 2 h ago\n");
}

TEST(TextTable, cutsTheLastColumnToTheTerminal) {
  EXPECT_EQ(table(kRows, 38),
            "DEVICE         LAST REFUSAL\n"
            "12345678…9abc  expired: the certifica…\n");
}

TEST(TextTable, keepsSomethingOfTheLastColumnOnANarrowTerminal) {
  EXPECT_EQ(table(kRows, 10),
            "DEVICE         LAST REFUSAL\n"
            "12345678…9abc  expired: the certif…\n");
}

}  // namespace
}  // namespace spheregate::app
