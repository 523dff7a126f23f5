#include "day_json.hpp"

#include <cmath>
#include <nlohmann/json.hpp>

#include "iso_time.hpp"

namespace spheregate::app {
namespace {

using history::Step;
using nlohmann::json;

template <class Of>
json column(const history::Day& day, Of of) {
  json values = json::array();
  for (const auto& step : day.steps()) values.push_back(step ? json(of(*step)) : json());
  return values;
}

double rounded(double value, double parts) { return std::round(value * parts) / parts; }

}  // namespace

std::string dayJson(const history::Day& day) {
  const json all{{"step_seconds", std::chrono::duration_cast<std::chrono::seconds>(history::Day::kStep).count()},
                 {"from", iso8601(day.begin())},
                 {"steps", day.steps().size()},
                 {"queue_messages", column(day, [](const Step& step) { return step.queueMessages; })},
                 {"queue_bytes", column(day, [](const Step& step) { return step.queueBytes; })},
                 {"queue_oldest_age_seconds", column(day, [](const Step& step) { return rounded(step.queueOldestAgeSeconds, 10); })},
                 {"accepted", column(day, [](const Step& step) { return step.accepted; })},
                 {"delivered", column(day, [](const Step& step) { return step.delivered; })},
                 {"devices_connected", column(day, [](const Step& step) { return step.devicesConnected; })},
                 {"uplink", column(day, [](const Step& step) { return rounded(step.uplink, 100); })}};
  // One number a line would be ten thousand lines.
  return all.dump();
}

}  // namespace spheregate::app
