#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "spheregate/base/result.hpp"
#include "spheregate/identity/device_id.hpp"
#include "spheregate/identity/settings.hpp"

namespace spheregate::identity {

// The names that people gave to devices: at most one a device, and no name twice. A value.
class Aliases {
 public:
  static constexpr std::size_t kAliasBytesMax = 64;

  explicit Aliases(NameRule rule = NameRule::sphere) : rule_{rule} {}
  // Those of the configuration, and those of its file (CSV, a line `id,alias`; `#` begins a comment, a first line that is `id,alias`
  // or the like is a heading). The error names the place and what to do.
  static base::Explained<Aliases> load(const Settings& settings);

  // The lines of such a file; the error begins with `name` and the line.
  base::Explained<void> addLines(std::string_view text, const std::string& name);
  // Nothing when it was added.
  std::optional<NamingFault> add(std::string_view id, std::string_view alias);
  // Empty when it has none.
  std::string_view aliasOf(std::string_view id) const;
  std::string_view idOf(std::string_view alias) const;
  std::size_t size() const { return byId_.size(); }

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };
  using Names = std::unordered_map<std::string, std::string, Hash, std::equal_to<>>;

  NameRule rule_;
  Names byId_;
  Names byAlias_;
};

}  // namespace spheregate::identity
