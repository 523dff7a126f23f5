#include "spheregate/provisioning/registrar.hpp"

#include "attempt.hpp"
#include "back_off.hpp"
#include "limits.hpp"
#include "spheregate/base/log.hpp"

namespace spheregate::provisioning {
namespace {

metrics::Counter& counter(metrics::Registry& registry, const char* result) {
  return registry.counter("provisioning_registrations_total", "Registrations at the Device Provisioning Service, by their end.", {{"result", result}});
}

}  // namespace

Registrar::Registrar(const Settings& settings, upstream::ControlClients& clients, base::Timers& timers, std::mt19937_64& random,
                     metrics::Registry& metrics)
    : settings_{settings},
      clients_{clients},
      timers_{timers},
      random_{random},
      assigned_{counter(metrics, "assigned")},
      refused_{counter(metrics, "refused")},
      failed_{counter(metrics, "failed")},
      waiting_{metrics.gauge("provisioning_waiting", "Registrations that wait for their turn.")},
      inTrouble_{metrics.gauge("provisioning_trouble", "1 while the Device Provisioning Service cannot be reached, or is overloaded.")},
      pacer_{timers, settings.registrationsPerMinute / 60},
      sweep_{timers},
      pause_{timers} {}

Registrar::~Registrar() {
  if (turn_ != 0) pacer_.leave(turn_);
}

void Registrar::ask(std::string registrationId, Order order, Sign sign, Done done) {
  jobs_.emplace(std::pair{order, nextJob_++},
                Job{.registrationId = std::move(registrationId), .sign = std::move(sign), .done = std::move(done)});
  waiting_.set(static_cast<double>(jobs_.size()));
  pump();
}

bool Registrar::mayBegin() const {
  return !jobs_.empty() && !pause_.armed() && running_.size() < (failures_ == 0 ? kAtOnceMax : 1);
}

void Registrar::pump() {
  if (turn_ != 0 || !mayBegin()) return;
  turn_ = pacer_.queue([this] {
    turn_ = 0;
    if (mayBegin()) beginFirst();
    pump();
  });
}

void Registrar::beginFirst() {
  Job job = std::move(jobs_.extract(jobs_.begin()).mapped());
  waiting_.set(static_cast<double>(jobs_.size()));
  const auto place = running_.insert(running_.end(), Running{.attempt = nullptr, .failuresBefore = failures_});
  const upstream::ControlLogin login = job.sign(timers_.clock().wall());
  place->attempt = std::make_unique<Attempt>(
      clients_, timers_, std::move(job.registrationId),
      [this, place, done = std::move(job.done)](Answer answer) { finished(place, done, std::move(answer)); });
  place->attempt->begin(settings_.address, login);
}

void Registrar::finished(std::list<Running>::iterator place, const Done& done, Answer answer) {
  // The attempt is still on the stack.
  ended_.splice(ended_.end(), running_, place);
  sweep_.after({}, [this] { ended_.clear(); });
  judge(*place, answer);
  done(std::move(answer));
  pump();
}

void Registrar::judge(const Running& run, const Answer& answer) {
  const auto* fault = std::get_if<Fault>(&answer);
  (fault == nullptr ? assigned_ : fault->kind == Fault::Kind::lasting ? refused_ : failed_).add();
  if (fault == nullptr || fault->kind == Fault::Kind::lasting) {
    if (failures_ > 0) base::logInfo("provisioning service answers again", {{"host", settings_.address.host}, {"waiting", jobs_.size()}});
    failures_ = 0;
    trouble_.clear();
    inTrouble_.set(0);
    return;
  }
  trouble_ = fault->reason;
  inTrouble_.set(1);
  // Those that were on their way together failed of one cause.
  if (run.failuresBefore == failures_) ++failures_;
  const base::Duration wait = backOff(failures_, kTroubleWaitMin, kTroubleWaitMax, random_);
  const base::MonoTime until = timers_.now() + std::max<base::Duration>(wait, fault->retryAfter + wait / 4);
  if (!pause_.armed() || pause_.due() < until) pause_.at(until, [this] { pump(); });
  if (const auto quiet = log_.pass(timers_.now())) {
    base::logWarn("provisioning service in trouble", {{"host", settings_.address.host},
                                                      {"reason", fault->reason},
                                                      {"waiting", jobs_.size()},
                                                      {"next_try_seconds", std::chrono::duration<double>(pause_.due() - timers_.now()).count()},
                                                      base::moreBefore(*quiet)});
  }
}

}  // namespace spheregate::provisioning
