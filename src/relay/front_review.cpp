#include <map>
#include <utility>

#include "front_metrics.hpp"
#include "front_parts.hpp"
#include "spheregate/base/log.hpp"
#include "spheregate/relay/front.hpp"

// Who is connected is judged again when the trust changes, and as certificates come to their end.
namespace spheregate::relay {
namespace {

// Of a fleet whose CA is taken away nobody wants ten thousand ids in one line.
constexpr std::size_t kNamesMax = 5;

}  // namespace

std::size_t Front::review(const Review& judge) {
  struct Leaving {
    std::uint64_t number;
    Unwelcome why;
  };
  std::vector<Leaving> leaving;
  for (const auto& entry : guests_) {
    if (auto why = judge(*entry.second->verdict)) leaving.push_back({entry.first, std::move(*why)});
  }
  if (leaving.empty()) return 0;

  std::map<std::string, std::size_t> results;
  std::string names;
  reviewing_ = true;
  for (std::size_t at = 0; at < leaving.size(); ++at) {
    const auto entry = guests_.find(leaving[at].number);
    // Ending one may have ended another.
    if (entry == guests_.end()) continue;
    const Unwelcome& why = leaving[at].why;
    ++results[why.result];
    counts_->sessionRevoked(why.result);
    if (at < kNamesMax) names += (names.empty() ? "" : " ") + base::calledDevice(entry->second->verdict->deviceId);
    noteUnwelcome(why, entry->second->conversation->peer(), *entry->second->verdict);
    entry->second->conversation->end(session::Ending::forbidden, why.reason);
  }
  reviewing_ = false;

  std::string counts;
  for (const auto& [result, count] : results) counts += (counts.empty() ? "" : ", ") + result + " " + std::to_string(count);
  const Unwelcome& first = leaving.front().why;
  base::logWarn("sessions ended", {{"sessions", leaving.size()},
                                   {"results", counts},
                                   {"devices", names + (leaving.size() > kNamesMax ? " …" : "")},
                                   {"reason", first.reason},
                                   {"fix", first.fix}});
  return leaving.size();
}

}  // namespace spheregate::relay
