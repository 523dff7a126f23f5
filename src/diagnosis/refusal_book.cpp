#include "spheregate/diagnosis/refusal_book.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdio>
#include <utility>

#include "spheregate/base/utf8.hpp"

namespace spheregate::diagnosis {
namespace {

constexpr std::size_t kNameBytesMax = 256;
constexpr std::size_t kSentenceBytesMax = 768;

// Readers put it on terminals and pages.
std::string shown(std::string_view text, std::size_t bytesMax) {
  std::string out;
  std::string_view rest = base::clipUtf8(text, bytesMax);
  while (!rest.empty()) {
    const base::Utf8Character character = base::firstCharacter(rest);
    if (character.valid && !base::obeyed(character.code)) {
      out += rest.substr(0, character.bytes);
    } else {
      std::array<char, 12> escape{};
      std::snprintf(escape.data(), escape.size(), "\\u%04x", static_cast<unsigned>(character.code));
      out += escape.data();
    }
    rest.remove_prefix(character.bytes);
  }
  if (text.size() > bytesMax) out += "\u2026";
  return out;
}

void tame(std::string& text, std::size_t bytesMax) { text = shown(text, bytesMax); }

void tame(Refusal& refusal) {
  for (std::string* name : {&refusal.device, &refusal.source, &refusal.peer, &refusal.result, &refusal.serverName, &refusal.protocol,
                            &refusal.certificate.issuer, &refusal.certificate.serial, &refusal.certificate.notBefore,
                            &refusal.certificate.notAfter, &refusal.certificate.sha256}) {
    tame(*name, kNameBytesMax);
  }
  tame(refusal.reason, kSentenceBytesMax);
  tame(refusal.fix, kSentenceBytesMax);
}

std::string keyOf(const Refusal& refusal) {
  return std::string{label(refusal.stage)} + '\n' + refusal.result + '\n' + refusal.source + '\n' + refusal.device;
}

bool equalIgnoringCase(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

bool mendedBy(Stage passed, Stage refusedAt) {
  if (passed == refusedAt) return true;
  return passed == Stage::connect && (refusedAt == Stage::tls || refusedAt == Stage::session);
}

// What the key has stays as it is, because the book's maps look at it.
void renew(Entry& entry, Refusal refusal, base::WallTime now) {
  entry.refusal.peer = std::move(refusal.peer);
  entry.refusal.reason = std::move(refusal.reason);
  entry.refusal.fix = std::move(refusal.fix);
  entry.refusal.serverName = std::move(refusal.serverName);
  entry.refusal.protocol = std::move(refusal.protocol);
  entry.refusal.certificate = std::move(refusal.certificate);
  entry.last = now;
  ++entry.count;
  entry.resolved.reset();
}

bool later(const Entry* a, const Entry* b) { return a->last > b->last; }

}  // namespace

const char* label(Stage stage) {
  switch (stage) {
    case Stage::tls: return "tls";
    case Stage::connect: return "connect";
    case Stage::publish: return "publish";
    case Stage::subscribe: return "subscribe";
    case Stage::session: return "session";
  }
  return "tls";
}

RefusalBook::RefusalBook(const base::Clock& clock, metrics::Registry& metrics) : clock_{clock} {
  metrics::Gauge& refused = metrics.gauge("devices_refused", "Devices, by the name in their certificate, that were refused and have not got through since.");
  metrics.beforeScrape([this, &refused] { refused.set(static_cast<double>(troubled())); });
}

void RefusalBook::add(Refusal refusal) {
  tame(refusal);
  forgetOld();
  const std::string key = keyOf(refusal);
  const base::WallTime now = clock_.wall();
  ++changes_;
  const auto known = places_.find(key);
  if (known != places_.end()) {
    entries_.splice(entries_.begin(), entries_, known->second);
    Kept& kept = entries_.front();
    kept.touched = clock_.now();
    kept.change = changes_;
    renew(kept.entry, std::move(refusal), now);
    return;
  }
  makeRoom(refusal.source);
  entries_.push_front({.entry = {.refusal = std::move(refusal), .first = now, .last = now, .count = 1, .resolved = std::nullopt},
                       .touched = clock_.now(),
                       .key = key,
                       .change = changes_});
  const Place place = entries_.begin();
  places_.emplace(place->key, place);
  if (!place->entry.refusal.device.empty()) byDevice_.emplace(place->entry.refusal.device, place);
  ++ofSource_[place->entry.refusal.source];
}

void RefusalBook::wentWell(Stage stage, std::string_view device) {
  const auto [begin, end] = byDevice_.equal_range(device);
  for (auto each = begin; each != end; ++each) {
    Entry& entry = each->second->entry;
    if (!entry.resolved && mendedBy(stage, entry.refusal.stage)) entry.resolved = clock_.wall();
  }
}

std::vector<const Entry*> RefusalBook::recent(std::size_t most) const {
  std::vector<const Entry*> found;
  for (const Kept& kept : entries_) {
    if (found.size() == most) break;
    found.push_back(&kept.entry);
  }
  return found;
}

std::vector<const Entry*> RefusalBook::since(std::uint64_t changes, std::size_t most) const {
  std::vector<const Entry*> found;
  for (const Kept& kept : entries_) {
    if (kept.change <= changes || found.size() == most) break;
    found.push_back(&kept.entry);
  }
  return found;
}

std::vector<const Entry*> RefusalBook::ofDevice(std::string_view device) const {
  std::vector<const Entry*> found;
  const auto [begin, end] = byDevice_.equal_range(device);
  for (auto each = begin; each != end; ++each) found.push_back(&each->second->entry);
  std::sort(found.begin(), found.end(), later);
  return found;
}

std::vector<const Entry*> RefusalBook::ofSource(std::string_view source) const {
  std::vector<const Entry*> found;
  for (const Kept& kept : entries_) {
    if (kept.entry.refusal.source == source) found.push_back(&kept.entry);
  }
  return found;
}

std::vector<std::string> RefusalBook::namesLike(std::string_view device) const {
  std::vector<std::string> found;
  for (const std::string_view name : names()) {
    if (equalIgnoringCase(name, device)) found.emplace_back(name);
  }
  return found;
}

std::vector<std::string_view> RefusalBook::names() const {
  std::vector<std::string_view> found;
  for (auto each = byDevice_.begin(); each != byDevice_.end(); each = byDevice_.equal_range(each->first).second) found.push_back(each->first);
  return found;
}

const Entry* RefusalBook::trouble(std::string_view device) const {
  const Entry* found = nullptr;
  const auto [begin, end] = byDevice_.equal_range(device);
  for (auto each = begin; each != end; ++each) {
    const Entry& entry = each->second->entry;
    if (!entry.resolved && (found == nullptr || later(&entry, found))) found = &entry;
  }
  return found;
}

std::size_t RefusalBook::troubled() const {
  std::size_t count = 0;
  for (const std::string_view name : names()) count += trouble(name) == nullptr ? 0 : 1;
  return count;
}

void RefusalBook::forget(Place place) {
  const Refusal& refusal = place->entry.refusal;
  places_.erase(place->key);
  const auto [begin, end] = byDevice_.equal_range(refusal.device);
  const auto mine = std::find_if(begin, end, [&](const auto& each) { return each.second == place; });
  if (mine != end) byDevice_.erase(mine);
  const auto source = ofSource_.find(refusal.source);
  if (--source->second == 0) ofSource_.erase(source);
  entries_.erase(place);
}

void RefusalBook::forgetOld() {
  const base::MonoTime now = clock_.now();
  while (!entries_.empty() && now - entries_.back().touched > kKeptFor) forget(std::prev(entries_.end()));
}

void RefusalBook::makeRoom(std::string_view source) {
  const auto had = ofSource_.find(std::string{source});
  if (had != ofSource_.end() && had->second >= kOfOneSourceMax) {
    const auto oldest = std::find_if(entries_.rbegin(), entries_.rend(), [&](const Kept& kept) { return kept.entry.refusal.source == source; });
    return forget(std::prev(oldest.base()));
  }
  if (entries_.size() >= kEntriesMax) forget(std::prev(entries_.end()));
}

}  // namespace spheregate::diagnosis
