#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "spheregate/base/result.hpp"

// Files that people and this program write by turns: comments and order stay, and whoever reads sees the old or the new file, never half.
namespace spheregate::app {

// What the file has; empty when there is none.
base::Explained<std::string> contentToEdit(const std::filesystem::path& file);
// Puts the text in the file's place and onto the disk. Owner and mode stay; a new file gets 0644. A link keeps pointing to the file.
base::Explained<void> replaceFile(const std::filesystem::path& file, std::string_view text);

// A list of device ids, one a line. Nothing when it is as wished already.
std::optional<std::string> withId(const std::string& text, std::string_view id);
std::optional<std::string> withoutId(const std::string& text, std::string_view id);

struct NamedId {
  std::string id;
  std::string alias;
};
// A file of aliases with these in it: a line of the same device is replaced in its place, others are added at the end.
std::string withAliases(const std::string& text, const std::vector<NamedId>& named);

}  // namespace spheregate::app
