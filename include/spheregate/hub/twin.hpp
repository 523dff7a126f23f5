#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

// Twins as texts. A section is the JSON object `desired` or `reported`, with its `$version` inside. What goes in may be hostile: it is
// read up to the limits below, a name given twice counts as it was given last, and the answer is nothing when it is not a JSON object.
// What comes out has its members in the order of their names; numbers keep the text they had, so 1.0 stays 1.0 and a long integer
// whole. A number that no double can come near is no JSON here.
namespace spheregate::hub {

// Three times what the hub allows for both sections, since it counts less than the bytes of their text.
inline constexpr std::size_t kTwinBytesMax = 256 * 1024;
// The hub allows ten levels in a section.
inline constexpr std::size_t kTwinDepthMax = 32;

struct TwinSections {
  std::string desired;
  std::string reported;
  std::uint64_t desiredVersion = 0;  // 0 where there is none
  std::uint64_t reportedVersion = 0;
};

// Reads the body of a twin GET. Nothing unless both sections are objects.
[[nodiscard]] std::optional<TwinSections> splitTwin(std::string_view body);
// The body of a twin GET, from sections that came from this file.
[[nodiscard]] std::string joinTwin(std::string_view desired, std::string_view reported);

// A section after a patch, for either section: objects merge, null deletes, everything else replaces, `$version` too. Nothing also when
// the result would be longer than kTwinBytesMax.
[[nodiscard]] std::optional<std::string> mergeReported(std::string_view section, std::string_view patch);

// One patch with the effect of both in order, on every section. Nothing also when there is no such patch, or it would be longer than
// kTwinBytesMax: what deletes or replaces a member and then makes an object of it cannot be said in one patch, because an object in a
// patch merges with what was there. Then keep both.
[[nodiscard]] std::optional<std::string> composePatches(std::string_view earlier, std::string_view later);

[[nodiscard]] std::optional<std::string> withVersion(std::string_view section, std::uint64_t version);
[[nodiscard]] std::optional<std::uint64_t> versionOf(std::string_view section);

struct TwinDifference {
  enum class Kind : std::uint8_t { none, versionOnly, changed };
  Kind kind = Kind::none;
  // changed: what makes `to` of `from`, null for what is gone, with the `$version` of `to`. Otherwise empty.
  std::string patch;
};

// Values are compared as they are written: 1.0 is not 1.
[[nodiscard]] std::optional<TwinDifference> desiredDifference(std::string_view from, std::string_view to);
// What makes `to` of `from`, `$version` aside.
[[nodiscard]] std::optional<std::string> patchBetween(std::string_view from, std::string_view to);

}  // namespace spheregate::hub
