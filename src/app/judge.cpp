#include "judge.hpp"

#include <memory>
#include <utility>

namespace spheregate::app {

tls::Judge judgeBy(const identity::Admission& admission) {
  return [&admission](X509& leaf) -> std::shared_ptr<const tls::Verdict> {
    identity::Judgement judgement = admission.judge(leaf);
    auto verdict = std::make_shared<tls::Verdict>();
    verdict->accepted = judgement.refusal == identity::Refusal::none;
    verdict->deviceId = std::move(judgement.deviceId);
    verdict->caSha256 = std::move(judgement.caSha256);
    verdict->result = verdict->accepted ? "ok" : identity::label(judgement.refusal);
    verdict->reason = std::move(judgement.reason);
    verdict->fix = std::move(judgement.fix);
    verdict->x509Error = judgement.x509Error;
    verdict->certificate = tls::certificateFacts(leaf);
    return verdict;
  };
}

}  // namespace spheregate::app
