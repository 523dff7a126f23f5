#include "spheregate/base/similar.hpp"

#include <algorithm>
#include <cstddef>
#include <numeric>

namespace spheregate::base {
namespace {

// No key is longer, and the work grows with the product of both lengths.
constexpr std::size_t kWordBytesMax = 64;

// Letters to add, drop, change or swap with their neighbour.
std::size_t editDistance(std::string_view from, std::string_view to) {
  std::vector<std::size_t> beforeLast(to.size() + 1);
  std::vector<std::size_t> last(to.size() + 1);
  std::vector<std::size_t> row(to.size() + 1);
  std::iota(last.begin(), last.end(), 0u);
  for (std::size_t i = 1; i <= from.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= to.size(); ++j) {
      const std::size_t changed = from[i - 1] == to[j - 1] ? 0 : 1;
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + changed});
      if (i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1])
        row[j] = std::min(row[j], beforeLast[j - 2] + 1);
    }
    beforeLast.swap(last);
    last.swap(row);
  }
  return last[to.size()];
}

}  // namespace

std::optional<std::string> nearest(std::string_view typed, const std::vector<std::string>& words) {
  if (typed.size() < 2 || typed.size() > kWordBytesMax) return std::nullopt;
  std::optional<std::string> best;
  std::size_t bestDistance = std::max<std::size_t>(1, typed.size() / 3) + 1;
  for (const std::string& word : words) {
    const std::size_t distance = editDistance(typed, word);
    if (distance >= bestDistance) continue;
    bestDistance = distance;
    best = word;
  }
  if (best) return best;
  // `key` for `key_file`, `certificate_file` for `certificate`.
  const auto longer = std::find_if(words.begin(), words.end(),
                                   [&](const std::string& word) { return word.starts_with(typed) || typed.starts_with(word); });
  if (longer != words.end()) return *longer;
  return std::nullopt;
}

}  // namespace spheregate::base
