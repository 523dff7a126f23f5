#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <regex>
#include <sstream>
#include <string>

#include "keys.hpp"
#include "problems.hpp"

namespace spheregate::config {
namespace {

// Seen from this source file, which CMake names by its full path.
const std::filesystem::path kProject = SPHEREGATE_SOURCE;

std::string contents(const std::string& file) {
  std::ifstream stream{kProject / file};
  EXPECT_TRUE(stream) << file;
  return {std::istreambuf_iterator<char>{stream}, {}};
}

struct Row {
  std::string words;
  std::string byDefault;
  bool live = false;
};

// `| key | words | default | meaning |` lines of docs/configuration.md.
std::map<std::string, Row> documented() {
  std::map<std::string, Row> rows;
  std::istringstream lines{contents("docs/configuration.md")};
  const std::regex row{R"(\| `([a-z_.]+)` \| ([^|]+) \| (?:`([^|]*)`)? ?\|(.*)\|)"};
  for (std::string line; std::getline(lines, line);) {
    std::smatch found;
    if (std::regex_match(line, found, row)) {
      rows[found[1]] = {found[2], found[3], found[4].str().ends_with(" **Live.** ")};
    }
  }
  return rows;
}

TEST(Documents, theTableOfKeysHasEveryKeyAndNoOther) {
  auto rows = documented();
  const Config defaults;
  for (const Key& key : keys()) {
    ASSERT_TRUE(rows.contains(key.path)) << key.path << " is not in docs/configuration.md";
    EXPECT_EQ(rows[key.path].words, key.words) << key.path;
    EXPECT_EQ(rows[key.path].live, key.live) << key.path << ": the row of a live key, and of no other, ends with **Live.**";
    if (key.required) {
      EXPECT_EQ(rows[key.path].byDefault, "") << key.path;
    } else {
      Config config;
      const std::string text = rows[key.path].byDefault == "\"\"" ? "" : rows[key.path].byDefault;
      EXPECT_FALSE(key.read(text, config)) << key.path << ": " << text;
      EXPECT_EQ(key.write(config), key.write(defaults)) << key.path;
    }
    rows.erase(key.path);
  }
  for (const auto& row : rows) ADD_FAILURE() << row.first << " is in docs/configuration.md, but not a key";
}

TEST(Documents, theExampleIsGoodAndSaysTheDefaults) {
  const std::string example = contents("config/spheregate.yaml");
  EXPECT_THAT(test::problemsOf(example), testing::IsEmpty());
  // With every commented key switched on, except those of the other types of auth.
  const std::regex commented{R"((^|\n)( +)# ([a-z_]+: [^\n]*))"};
  std::string all = std::regex_replace(example, commented, "$1$2$3");
  const Config config = parse(example, "f").config;
  for (const Key& key : keys()) {
    if (belongs(key, config)) continue;
    const std::string word = key.path.substr(key.path.rfind('.') + 1);
    all = std::regex_replace(all, std::regex{"\n    " + word + ":[^\n]*"}, "");
  }
  EXPECT_THAT(test::problemsOf(all), testing::IsEmpty()) << all;
  EXPECT_EQ(show(parse(all, "f").config), show(parse(example, "f").config));
  for (const Key& key : keys()) {
    const std::string word = key.path.substr(key.path.rfind('.') + 1);
    EXPECT_TRUE(std::regex_search(example, std::regex{"(^|\n) *(# )?" + word + ":"})) << key.path << " is not in the example";
  }
}

TEST(Documents, whatIsShownCanBeReadAgain) {
  for (const std::string& yaml :
       {test::kLeast, test::leastWith("http", "listen: \"[::1]:0\""), test::leastWith("upstream", "ack_timeout: 1500ms"),
        test::leastWith("upstream", "tier: S3\n  units: 200"),
        test::leastWith("queue", "path: \"/a b\\\\c\\\"d\", message_ttl: 0, max_bytes: 1048577"),
        test::leastWith("devices", "tenant_id: 00000000-0000-0000-0000-00000000000A, connect_rate_per_source: 0.5")}) {
    const Loaded first = parse(yaml, "f");
    ASSERT_THAT(test::problemsOf(yaml), testing::IsEmpty());
    const std::string shown = show(first.config);
    EXPECT_THAT(test::problemsOf(shown), testing::IsEmpty()) << shown;
    EXPECT_EQ(show(parse(shown, "f").config), shown);
  }
}

TEST(Documents, showNestsSectionsOnce) {
  const std::string shown = show(parse(test::kLeast, "f").config);
  EXPECT_THAT(shown,
              testing::StartsWith("hostname: \"gateway.plant.example\"\nlisten:\n  address: \"0.0.0.0\"\n  port: 8883\ntls:\n"));
  EXPECT_THAT(shown, testing::HasSubstr("  mode: transparent\n  auth:\n    type: hub_policy\n    policy_name: \"device\"\n"
                                        "    key_file: \"/a/policy.key\"\n    token_life: 1h\n  connect_rate: 80\n"));
}

}  // namespace
}  // namespace spheregate::config
