#include "log_routes.hpp"

#include <chrono>
#include <nlohmann/json.hpp>
#include <string>

#include "json_answer.hpp"
#include "iso_time.hpp"
#include "spheregate/config/units.hpp"

namespace spheregate::app {
namespace {

using nlohmann::json;
using ops::AdminAnswer;
using ops::AdminRequest;

constexpr std::string_view kChoose = "/log/";
constexpr std::string_view kConfigured = "configured";
constexpr std::chrono::seconds kShortest{1};
constexpr std::chrono::hours kLongest{7 * 24};

json logJson(const LogControl& log) {
  const LogControl::State state = log.state();
  const base::LogCounts counts = base::logCounts();
  json lines;
  for (std::size_t level = 0; level < base::kLogLevels; ++level) lines[std::string{base::levelWord(static_cast<base::LogLevel>(level))}] = counts.lines[level];
  json body{{"level", base::levelWord(state.level)},
            {"configured", base::levelWord(state.configured)},
            {"chosen", state.chosen},
            {"lines", lines},
            {"left_out", counts.leftOut}};
  if (state.until) body["until"] = iso8601(*state.until);
  return body;
}

AdminAnswer choose(LogControl& log, const std::string& word, const AdminRequest& request) {
  if (word == kConfigured) {
    log.reset("an operator ended it");
    return good(logJson(log));
  }
  const auto level = logLevelNamed(word);
  if (!level) return wrong(400, "there is no level `" + word + "`", "use debug, info, warn, error or configured");
  std::optional<std::chrono::seconds> time;
  if (const std::string text = valueOf(request, "for"); !text.empty()) {
    const auto parsed = config::parseDuration(text);
    if (!parsed || *parsed < kShortest || *parsed > kLongest) return wrong(400, "`for` is no time from 1s to 7d", "write it as 30s, 10m or 2h");
    time = std::chrono::duration_cast<std::chrono::seconds>(*parsed);
  }
  log.choose(*level, time, request.uid);
  return good(logJson(log));
}

}  // namespace

std::optional<AdminAnswer> answerAboutLog(LogControl& log, const AdminRequest& request) {
  const bool changes = request.method == "POST";
  if (!changes && request.path == "/log") return good(logJson(log));
  if (!changes || !request.path.starts_with(kChoose)) return std::nullopt;
  return choose(log, request.path.substr(kChoose.size()), request);
}

}  // namespace spheregate::app
