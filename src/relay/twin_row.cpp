#include "twin_row.hpp"

#include <utility>

#include "spheregate/hub/twin.hpp"

namespace spheregate::relay {
namespace {

constexpr char kVersion = 1;
constexpr std::size_t kNumberBytes = 8;
// Each read applies them all, so a device must not be able to make many.
constexpr std::size_t kPendingMax = 8;

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
  bool good() const { return !short_; }
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
  appendNumber(out, row.settled ? 1 : 0);
  appendText(out, row.desired);
  appendText(out, row.reported);
  appendNumber(out, row.pending.size());
  for (const std::string& patch : row.pending) appendText(out, patch);
  return out;
}

std::optional<TwinRow> decodeTwinRow(std::string_view bytes) {
  if (bytes.empty() || bytes.front() != kVersion) return std::nullopt;
  Reader reader{bytes.substr(1)};
  TwinRow row;
  row.through = reader.number();
  row.settled = reader.number() != 0;
  row.desired = reader.text();
  row.reported = reader.text();
  for (std::uint64_t left = reader.number(); left > 0 && reader.good(); --left) row.pending.emplace_back(reader.text());
  if (!reader.whole()) return std::nullopt;
  return row;
}

std::string withPending(const TwinRow& row) {
  std::string reported = row.known() ? row.reported : "{}";
  for (const std::string& patch : row.pending) {
    if (auto merged = hub::mergeReported(reported, patch)) reported = std::move(*merged);
  }
  return reported;
}

// One patch that does to the section as it is kept what all of them do.
void fold(TwinRow& row) {
  auto all = hub::patchBetween(row.known() ? row.reported : "{}", withPending(row));
  if (all) row.pending.assign(1, std::move(*all));
}

// What deletes a member and then makes an object of it cannot be said in one patch.
void addPending(TwinRow& row, std::string_view patch) {
  auto both = row.pending.empty() ? std::nullopt : hub::composePatches(row.pending.back(), patch);
  if (both) {
    row.pending.back() = std::move(*both);
  } else {
    row.pending.emplace_back(patch);
  }
  if (row.pending.size() > kPendingMax) fold(row);
}

std::string twinBody(const TwinRow& row) { return hub::joinTwin(row.desired, withPending(row)); }

}  // namespace spheregate::relay
