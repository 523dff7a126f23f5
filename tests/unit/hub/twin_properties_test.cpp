#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <random>
#include <string>

#include "spheregate/hub/twin.hpp"

// What must hold for all documents, tried on random ones.
namespace spheregate::hub {
namespace {

using nlohmann::json;

constexpr unsigned kSeeds = 10'000;

class Documents {
 public:
  explicit Documents(unsigned seed) : random_{seed} {}

  std::string section() { return object(4, false); }
  std::string patch() { return object(4, true); }

 private:
  unsigned below(unsigned bound) { return static_cast<unsigned>(random_() % bound); }

  std::string object(int depth, bool nulls) {
    std::string text = "{";
    for (const char* name : {"a", "b", "c", "$version", "\\u00e9", "", "d\\\"", "\\u0064\\u0064"}) {
      if (below(3) != 0) continue;
      text += (text.size() > 1 ? ",\"" : "\"") + std::string{name} + "\":" + (below(20) == 0 ? " " : "") + value(depth - 1, nulls);
    }
    return text + "}";
  }
  std::string value(int depth, bool nulls) {
    if (nulls && below(3) == 0) return "null";
    if (depth > 0 && below(2) == 0) return object(depth, nulls);
    if (depth > 0 && below(6) == 0) return "[" + value(depth - 1, true) + ",null," + object(depth - 1, true) + "]";
    constexpr std::array kScalars = {"1",    "1.0", "-0.5e3", "18446744073709551615", "12345678901234567890123", "true", "\"x\"", "\"\\u0000\xC3\xA9\"",
                                     "\"\"", "2",   "[]",     "{}"};
    return kScalars[below(kScalars.size())];
  }

  std::mt19937_64 random_;
};

std::string merged(const std::string& section, const std::string& patch) {
  auto result = mergeReported(section, patch);
  EXPECT_TRUE(result) << section << patch;
  return result.value_or("");
}

TEST(TwinProperties, mergesAsTheReferenceDoes) {
  for (unsigned seed = 0; seed < kSeeds; ++seed) {
    Documents documents{seed};
    const std::string section = documents.section();
    const std::string patch = documents.patch();
    json expected = json::parse(section);
    expected.merge_patch(json::parse(patch));
    ASSERT_EQ(json::parse(merged(section, patch)), expected) << seed;
  }
}

TEST(TwinProperties, aDifferenceMakesOneOfTheOther) {
  unsigned same = 0;
  for (unsigned seed = 0; seed < kSeeds; ++seed) {
    Documents documents{seed};
    const std::string from = documents.section();
    // Often near each other.
    const std::string to = seed % 2 == 0 ? documents.section() : merged(from, Documents{seed + kSeeds}.patch());
    const auto difference = desiredDifference(from, to);
    ASSERT_TRUE(difference) << seed;
    const bool changed = difference->kind == TwinDifference::Kind::changed;
    same += changed ? 0 : 1;
    json made = json::parse(changed ? merged(from, difference->patch) : from);
    json wanted = json::parse(to);
    // Only a patch brings the version, and only that of `to`.
    if (difference->kind == TwinDifference::Kind::versionOnly || !wanted.contains("$version")) {
      made.erase("$version");
      wanted.erase("$version");
    }
    ASSERT_EQ(made, wanted) << seed;
  }
  EXPECT_GT(same, 10u);
}

TEST(TwinProperties, aDifferenceIsMinimal) {
  for (unsigned seed = 0; seed < kSeeds; ++seed) {
    Documents documents{seed};
    const std::string from = merged("{}", documents.section());
    const auto difference = desiredDifference(from, merged(from, documents.patch()));
    ASSERT_TRUE(difference);
    if (difference->kind != TwinDifference::Kind::changed) continue;
    // Every member that the patch names changes something.
    const json patch = json::parse(difference->patch);
    const json before = json::parse(from);
    for (const auto& [name, value] : patch.items()) {
      if (name == "$version") continue;
      json after = before;
      after.merge_patch(json{{name, value}});
      ASSERT_NE(after.dump(), before.dump()) << seed;
    }
  }
}

TEST(TwinProperties, aComposedPatchHasTheEffectOfBoth) {
  unsigned composed = 0;
  for (unsigned seed = 0; seed < kSeeds; ++seed) {
    Documents documents{seed};
    const std::string section = documents.section();
    const std::string first = documents.patch();
    const std::string second = documents.patch();
    const auto both = composePatches(first, second);
    if (!both) continue;
    ++composed;
    ASSERT_EQ(merged(section, *both), merged(merged(section, first), second)) << seed;
  }
  EXPECT_GT(composed, kSeeds / 4);
}

TEST(TwinProperties, brokenTextsAreRefusedOrRead) {
  for (unsigned seed = 0; seed < kSeeds; ++seed) {
    std::mt19937_64 random{seed};
    std::string text = joinTwin(Documents{seed}.section(), Documents{seed + 1}.section());
    for (unsigned n = 0; n <= random() % 3; ++n) {
      const std::size_t at = random() % text.size();
      if (random() % 2 == 0) text[at] = static_cast<char>(random());
      else text.resize(at + 1);
    }
    const auto twin = splitTwin(text);
    if (!twin) continue;
    ASSERT_TRUE(json::accept(twin->desired) && json::accept(twin->reported)) << seed;
    ASSERT_TRUE(json::parse(text, nullptr, false).is_object()) << seed;
  }
}

}  // namespace
}  // namespace spheregate::hub
