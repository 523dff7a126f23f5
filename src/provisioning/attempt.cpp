#include "attempt.hpp"

#include <utility>

#include "limits.hpp"

namespace spheregate::provisioning {
namespace {

Fault passing(std::string reason) { return {.kind = Fault::Kind::passing, .reason = std::move(reason), .retryAfter = {}}; }

// The reference of the protocol: 3 is "server unavailable", the others are judgements.
constexpr int kUnavailable = 3;

}  // namespace

Attempt::Attempt(upstream::ControlClients& clients, base::Timers& timers, std::string registrationId, Done done)
    : registration_{std::move(registrationId)}, done_{std::move(done)}, client_{clients.make(*this)}, deadline_{timers}, timer_{timers} {}

void Attempt::begin(const upstream::ControlAddress& address, const upstream::ControlLogin& login) {
  deadline_.after(kRegistrationTime, [this] { finish(passing("the registration took longer than 3 minutes")); });
  client_->connect(address, login, kKeepAlive, kConnectTime);
}

void Attempt::controlUp() {
  client_->subscribe(std::string{Registration::kAnswers}, 1);
  send(registration_.begin());
}

void Attempt::controlDown(std::string_view reason, int refusal) {
  std::string sentence{"the provisioning service: "};
  sentence += reason;
  if (refusal == 0 || refusal == kUnavailable) return finish(passing(std::move(sentence)));
  sentence += "; check upstream.auth.id_scope, the key or certificate, that the enrolment exists and is enabled, and this machine's clock";
  finish(Fault{.kind = Fault::Kind::lasting, .reason = std::move(sentence), .retryAfter = {}});
}

void Attempt::controlMessage(const upstream::ControlMessage& message) {
  const Registration::Step step = registration_.heard(message.topic, message.payload);
  if (const auto* next = std::get_if<Registration::Send>(&step)) send(*next);
  if (const auto* pause = std::get_if<Registration::Wait>(&step)) wait(pause->time);
  if (const auto* assignment = std::get_if<Assignment>(&step)) finish(*assignment);
  if (const auto* fault = std::get_if<Fault>(&step)) finish(*fault);
}

void Attempt::send(const Registration::Send& what) {
  const base::ByteView body = base::asBytes(what.body);
  timer_.after(kAnswerTime, [this] { finish(registration_.silence()); });
  if (!client_->publish(what.topic, {body.begin(), body.end()}, 1, false, 0)) finish(passing("the connection to the provisioning service is full"));
}

void Attempt::wait(std::chrono::seconds time) {
  timer_.after(time, [this] { send(registration_.poll()); });
  if (timer_.due() < deadline_.due()) return;
  Fault fault = passing("the provisioning service wants to be asked again only after the deadline of the registration");
  fault.retryAfter = time;
  finish(std::move(fault));
}

void Attempt::finish(Answer answer) {
  if (!done_) return;
  timer_.cancel();
  deadline_.cancel();
  client_->disconnect();
  std::exchange(done_, nullptr)(std::move(answer));
}

}  // namespace spheregate::provisioning
