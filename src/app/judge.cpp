#include "judge.hpp"

#include <memory>
#include <utility>

namespace spheregate::app {

tls::Judge judgeBy(identity::Admission& admission) {
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

identity::Admitted admittedBy(const tls::Verdict& verdict) {
  return {.deviceId = verdict.deviceId,
          .caSha256 = verdict.caSha256,
          .serial = verdict.certificate.serial,
          .certificateSha256 = verdict.certificate.sha256,
          .notAfterSeconds = verdict.certificate.notAfterSeconds};
}

}  // namespace spheregate::app
