#include "reviews.hpp"

#include <chrono>
#include <utility>

#include "judge.hpp"
#include "spheregate/base/log.hpp"

namespace spheregate::app {

Reviews::Reviews(base::Timers& timers, const identity::Admission& admission, relay::Front& front, metrics::Registry& metrics)
    : timers_{timers}, admission_{admission}, front_{front}, metrics_{metrics}, timer_{timers} {
  timer_.after(std::chrono::minutes{1}, [this] { review(); });
}

void Reviews::review() {
  timer_.after(std::chrono::minutes{1}, [this] { review(); });
  front_.review([this](const tls::Verdict& verdict) { return judge(verdict); });
}

bool Reviews::turnsAway(const tls::Verdict& verdict, std::string_view peer) {
  const auto why = judge(verdict);
  if (!why) return false;
  front_.noteUnwelcome(*why, peer, verdict);
  metrics_.counter("device_connections_total", "CONNECTs of devices by result.", {{"result", why->result}}).add();
  if (const auto before = lateGate_.pass(timers_.now())) {
    base::logWarn("device refused", {{"peer", peer},
                                     {"cn", verdict.deviceId},
                                     {"result", why->result},
                                     {"reason", why->reason},
                                     {"fix", why->fix},
                                     base::moreBefore(*before)});
  }
  return true;
}

std::optional<relay::Unwelcome> Reviews::judge(const tls::Verdict& verdict) const {
  identity::Judgement judgement = admission_.judgeAgain(admittedBy(verdict));
  if (judgement.refusal == identity::Refusal::none) return std::nullopt;
  return relay::Unwelcome{
      .result = identity::label(judgement.refusal), .reason = std::move(judgement.reason), .fix = std::move(judgement.fix)};
}

}  // namespace spheregate::app
