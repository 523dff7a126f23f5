#include "twin_cache.hpp"

#include <memory>
#include <utility>

#include "spheregate/hub/twin.hpp"
#include "twin_row.hpp"

namespace spheregate::relay {
namespace {

using Row = std::optional<std::string>;

// A row that cannot be read counts as none; the next twin that the hub shows replaces it.
TwinRow opened(const Row& row) { return row ? decodeTwinRow(*row).value_or(TwinRow{}) : TwinRow{}; }

void save(const TwinRow& twin, Row& row) {
  if (twin == TwinRow{}) return row.reset();
  row = encode(twin);
}

TwinCache::Learned learned(const hub::TwinSections& sections, std::string body, bool first) {
  return {.twin = true, .older = false, .first = first, .version = sections.desiredVersion, .body = std::move(body), .difference = {}};
}

// Changes that came to nothing are told too, because the device goes by the version.
std::string differenceBetween(std::string_view before, const hub::TwinSections& now) {
  auto difference = hub::desiredDifference(before, now.desired);
  if (!difference || difference->kind == hub::TwinDifference::Kind::none) return {};
  if (difference->kind == hub::TwinDifference::Kind::changed) return std::move(difference->patch);
  return hub::withVersion("{}", now.desiredVersion).value_or(std::string{});
}

// Runs on the store's thread, like all that takes a Row.
TwinCache::Learned learnInto(Row& row, const std::string& body, TwinCache::Trust trust, bool settled) {
  const auto sections = hub::splitTwin(body);
  if (!sections) return {.body = body, .difference = {}};
  TwinRow twin = opened(row);
  TwinCache::Learned result = learned(*sections, body, !twin.known());
  if (twin.known()) {
    result.older = trust == TwinCache::Trust::newer && sections->desiredVersion < hub::versionOf(twin.desired).value_or(0);
    if (result.older) return result;
    result.difference = differenceBetween(twin.desired, *sections);
  }
  twin.desired = sections->desired;
  twin.reported = sections->reported;
  if (settled || twin.settled) {
    twin.pending.clear();
    twin.through = 0;
    twin.settled = false;
  }
  // Byte for byte what the hub said, unless the device knows more than the hub.
  if (!twin.pending.empty()) result.body = twinBody(twin);
  save(twin, row);
  return result;
}

TwinCache::Change desiredInto(Row& row, const std::string& patch, std::uint64_t version) {
  TwinRow twin = opened(row);
  if (!twin.known()) return TwinCache::Change::unknown;
  const std::uint64_t kept = hub::versionOf(twin.desired).value_or(0);
  if (version <= kept) return TwinCache::Change::old;
  if (version != kept + 1) return TwinCache::Change::gap;
  const auto merged = hub::mergeReported(twin.desired, patch);
  auto section = merged ? hub::withVersion(*merged, version) : std::nullopt;
  if (!section) return TwinCache::Change::gap;
  twin.desired = std::move(*section);
  save(twin, row);
  return TwinCache::Change::next;
}

bool answeredInto(Row& row, const std::string& patch, const TwinCache::Answered& answer) {
  TwinRow twin = opened(row);
  const bool taken = answer.version.has_value();
  bool last = false;
  if (answer.kept) {
    // Those before it stay with it, as one patch, until a read shows what the hub made of them.
    last = !twin.pending.empty() && twin.through == answer.mark;
  } else if (!taken) {
    return false;
  } else if (!twin.pending.empty()) {
    addPending(twin, patch);
    last = true;
    twin.through = answer.mark;
  } else if (twin.known()) {
    twin.reported = hub::mergeReported(twin.reported, patch).value_or(twin.reported);
  }
  if (last) twin.settled = true;
  // Zero: the hub did not say.
  if (taken && *answer.version > 0 && twin.known()) twin.reported = hub::withVersion(twin.reported, *answer.version).value_or(twin.reported);
  save(twin, row);
  return last;
}

void keepInto(Row& row, const std::string& patch, std::uint64_t mark) {
  TwinRow twin = opened(row);
  addPending(twin, patch);
  twin.through = mark;
  twin.settled = false;
  save(twin, row);
}

}  // namespace

void TwinCache::learn(std::string_view id, base::ByteView body, Trust trust, bool settled, std::function<void(const Learned&)> done) {
  auto text = std::make_shared<std::string>(base::asText(body));
  auto result = std::make_shared<Learned>();
  store_.change(
      state::Table::twins, std::string{id},
      [text, result, trust, settled](Row& row) { *result = learnInto(row, *text, trust, settled); },
      [text, result, then = std::move(done)](bool stored) {
        if (stored) return then(*result);
        const auto sections = hub::splitTwin(*text);
        then(sections ? learned(*sections, *text, true) : Learned{.body = *text, .difference = {}});
      });
}

void TwinCache::desired(std::string_view id, std::string_view patch, std::uint64_t version, std::function<void(Change)> done) {
  auto result = std::make_shared<Change>(Change::unknown);
  store_.change(
      state::Table::twins, std::string{id},
      [text = std::string{patch}, result, version](Row& row) { *result = desiredInto(row, text, version); },
      [result, then = std::move(done)](bool stored) { then(stored ? *result : Change::unknown); });
}

void TwinCache::answered(std::string_view id, base::ByteView patch, const Answered& answer, std::function<void(bool last)> done) {
  auto last = std::make_shared<bool>(false);
  store_.change(
      state::Table::twins, std::string{id},
      [text = std::string{base::asText(patch)}, last, answer](Row& row) { *last = answeredInto(row, text, answer); },
      [last, then = std::move(done)](bool stored) { then(stored && *last); });
}

void TwinCache::keep(std::string_view id, base::ByteView patch, std::uint64_t mark, std::function<void()> done) {
  store_.change(
      state::Table::twins, std::string{id},
      [text = std::string{base::asText(patch)}, mark](Row& row) { keepInto(row, text, mark); },
      [then = std::move(done)](bool) { then(); });
}

void TwinCache::read(std::string_view id, std::function<void(std::optional<std::string> body)> done) {
  store_.read(state::Table::twins, std::string{id}, [then = std::move(done)](Row row) {
    const TwinRow twin = opened(row);
    then(twin.known() ? std::optional{twinBody(twin)} : std::nullopt);
  });
}

}  // namespace spheregate::relay
