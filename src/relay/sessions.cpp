#include "sessions.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

#include "spheregate/base/log.hpp"

namespace spheregate::relay {
namespace {

using hub::FilterKind;

constexpr char kFormat = '1';
constexpr std::array kKinds = {std::pair{FilterKind::cloudToDevice, 'c'}, std::pair{FilterKind::desiredProperties, 'd'},
                               std::pair{FilterKind::methods, 'm'}, std::pair{FilterKind::twinResponses, 't'}};
constexpr base::Duration kRetry = std::chrono::seconds{30};

}  // namespace

std::string sessionRow(const std::vector<Followed>& filters) {
  std::string row;
  for (const auto& [kind, letter] : kKinds) {
    const auto wanted = kind;
    const auto one = std::find_if(filters.begin(), filters.end(), [wanted](const Followed& followed) { return followed.kind == wanted; });
    if (one == filters.end()) continue;
    if (row.empty()) row = kFormat;
    ((row += ' ') += letter) += static_cast<char>('0' + one->qos);
  }
  return row;
}

std::vector<Followed> readSessionRow(std::string_view row, std::string_view device) {
  std::vector<Followed> filters;
  if (row.empty() || row.front() != kFormat) return filters;
  std::string_view rest = row.substr(1);
  for (const auto& [kind, letter] : kKinds) {
    const char start[] = {' ', letter};
    if (!rest.starts_with(std::string_view{start, sizeof start})) continue;
    const char qos = rest.size() > 2 ? rest[2] : 'x';
    if (qos != '0' && qos != '1') return {};
    filters.push_back({.filter = hub::filterOf(kind, device), .kind = kind, .qos = static_cast<std::uint8_t>(qos - '0')});
    rest.remove_prefix(3);
  }
  if (!rest.empty()) filters.clear();
  return filters;
}

Sessions::Sessions(state::Store& store, base::Timers& timers, metrics::Registry& metrics)
    : store_{store},
      unreadable_{metrics.counter("sessions_unreadable_total", "Stored sessions of devices that could not be read and were ignored.")},
      retry_{timers} {
  for (auto& [device, row] : store_.all(state::Table::sessions)) load(std::move(device), std::move(row));
  if (!rows_.empty()) base::logInfo("sessions restored", {{"devices", rows_.size()}, {"unreadable", unreadable_.value()}});
}

// An unreadable row counts as an empty one, which the store does not hold: it goes when the device is next heard of.
void Sessions::load(std::string device, std::string row) {
  if (readSessionRow(row, device).empty()) {
    unreadable_.add();
    row.clear();
  }
  rows_.emplace(std::move(device), std::move(row));
}

std::vector<Followed> Sessions::of(std::string_view device) const {
  const auto row = rows_.find(std::string{device});
  return row == rows_.end() ? std::vector<Followed>{} : readSessionRow(row->second, device);
}

void Sessions::keep(std::string_view device, const std::vector<Followed>& filters) {
  const std::string id{device};
  std::string row = sessionRow(filters);
  const auto kept = rows_.find(id);
  if (kept == rows_.end() ? row.empty() : !row.empty() && kept->second == row) return;
  if (row.empty()) rows_.erase(kept);
  else rows_.insert_or_assign(id, std::move(row));
  store(id);
}

// Of what is offered for one device the answers come in order, so the last one tells.
void Sessions::store(const std::string& device) {
  if (!store_.usable()) return;
  const auto done = [this, device, alive = std::weak_ptr{alive_}](bool stored) {
    if (alive.expired()) return;
    if (stored) missed_.erase(device);
    else missed_.insert(device);
    if (!missed_.empty() && !retry_.armed()) retry_.after(kRetry, [this] { tryAgain(); });
  };
  const auto row = rows_.find(device);
  if (row == rows_.end()) store_.erase(state::Table::sessions, device, done);
  else store_.put(state::Table::sessions, device, row->second, done);
}

void Sessions::tryAgain() {
  for (const std::string& device : std::exchange(missed_, {})) store(device);
}

}  // namespace spheregate::relay
