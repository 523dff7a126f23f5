#include "twin_row.hpp"

#include "spheregate/hub/twin.hpp"

namespace spheregate::relay {
namespace {

constexpr char kVersion = 1;
constexpr std::size_t kNumberBytes = 8;

void appendNumber(std::string& out, std::uint64_t number) {
  for (std::size_t shift = kNumberBytes; shift-- > 0;) out.push_back(static_cast<char>(number >> (8 * shift) & 0xFF));
}

void appendText(std::string& out, std::string_view text) {
  appendNumber(out, text.size());
  out += text;
}

// Reads from the front; once something is missing, all that follows is too.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : rest_{bytes} {}

  std::uint64_t number() {
    std::uint64_t value = 0;
    for (const char byte : take(kNumberBytes)) value = value << 8 | static_cast<unsigned char>(byte);
    return value;
  }
  std::string_view text() { return take(number()); }
  bool whole() const { return !short_ && rest_.empty(); }

 private:
  std::string_view take(std::uint64_t bytes) {
    if (short_ || bytes > rest_.size()) {
      short_ = true;
      return {};
    }
    const std::string_view taken = rest_.substr(0, static_cast<std::size_t>(bytes));
    rest_.remove_prefix(taken.size());
    return taken;
  }

  std::string_view rest_;
  bool short_ = false;
};

}  // namespace

std::string encode(const TwinRow& row) {
  std::string out(1, kVersion);
  appendNumber(out, row.through);
  appendText(out, row.desired);
  appendText(out, row.reported);
  appendText(out, row.pending);
  return out;
}

std::optional<TwinRow> decodeTwinRow(std::string_view bytes) {
  if (bytes.empty() || bytes.front() != kVersion) return std::nullopt;
  Reader reader{bytes.substr(1)};
  TwinRow row;
  row.through = reader.number();
  row.desired = reader.text();
  row.reported = reader.text();
  row.pending = reader.text();
  if (!reader.whole()) return std::nullopt;
  return row;
}

std::string twinBody(const TwinRow& row) {
  return hub::joinTwin(row.desired, row.pending.empty() ? row.reported : hub::mergeReported(row.reported, row.pending));
}

}  // namespace spheregate::relay
