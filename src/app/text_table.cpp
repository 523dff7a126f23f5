#include "text_table.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <string_view>

#include "spheregate/base/utf8.hpp"

namespace spheregate::app {
namespace {

// Narrower than that, the last column would say nothing.
constexpr std::size_t kLastMin = 20;

std::size_t width(std::string_view text) {
  std::size_t characters = 0;
  while (!text.empty()) {
    text.remove_prefix(base::firstCharacter(text).bytes);
    ++characters;
  }
  return characters;
}

}  // namespace

std::string cut(std::string_view text, std::size_t characters) {
  if (width(text) <= characters) return std::string{text};
  if (characters == 0) return {};
  std::string_view rest = text;
  for (std::size_t kept = 0; kept + 1 < characters; ++kept) rest.remove_prefix(base::firstCharacter(rest).bytes);
  return std::string{text.substr(0, text.size() - rest.size())} + "\u2026";
}

std::string table(const std::vector<std::vector<std::string>>& rows, std::size_t lineMax) {
  std::vector<std::size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t column = 0; column < row.size(); ++column) widths[column] = std::max(widths[column], width(row[column]));
  }
  std::size_t before = 0;
  for (std::size_t column = 0; column + 1 < widths.size(); ++column) before += widths[column] + 2;
  const std::size_t lastMax = std::max(kLastMin, lineMax > before ? lineMax - before : 0);
  std::string out;
  for (const auto& row : rows) {
    for (std::size_t column = 0; column < row.size(); ++column) {
      const bool last = column + 1 == row.size();
      out += last && lineMax > 0 ? cut(row[column], lastMax) : row[column];
      if (!last) out += std::string(widths[column] - width(row[column]) + 2, ' ');
    }
    out += '\n';
  }
  return out;
}

std::size_t terminalColumns() {
  winsize size{};
  if (isatty(STDOUT_FILENO) == 0 || ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0) return 0;
  return size.ws_col;
}

}  // namespace spheregate::app
