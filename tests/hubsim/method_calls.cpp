#include "hubsim/method_calls.hpp"

#include <cstdio>
#include <vector>

namespace spheregate::hubsim {
namespace {

// The C SDK takes everything from `?$rid=` to the next slash: short, hexadecimal, and the last thing in its topic.
std::string ridOf(std::uint64_t number) {
  char text[24];
  std::snprintf(text, sizeof text, "%llx", static_cast<unsigned long long>(number));
  return text;
}

MethodCalls::Ended judged(int status, std::string_view payload) {
  if (payload.size() > kMethodPayloadBytesMax) return errors::badDeviceAnswer();
  if (payload.empty()) return MethodAnswer{status, nullptr};
  auto json = parseJson(payload);
  if (!json) return errors::badDeviceAnswer();
  return MethodAnswer{status, *std::move(json)};
}

}  // namespace

void MethodCalls::call(MethodCall call, Done done) {
  if (waiting_.size() >= kMethodCallsMax) return done(errors::throttled());
  const std::string rid = ridOf(++calls_);
  auto made = std::make_unique<Waiting>(timers_, std::move(call), std::move(done));
  Waiting& waiting = *made;
  waiting_.emplace(rid, std::move(made));
  if (deliver(rid, waiting)) return;
  if (waiting.call.connectTimeout == std::chrono::seconds{0}) return finish(rid, errors::deviceNotOnline());
  waiting.timer.after(waiting.call.connectTimeout, [this, rid] { finish(rid, errors::deviceNotOnline()); });
}

void MethodCalls::deviceReady(const std::string& device) {
  std::vector<std::string> rids;
  for (const auto& [rid, waiting] : waiting_)
    if (!waiting->delivered && waiting->call.device == device) rids.push_back(rid);
  for (const std::string& rid : rids) {
    const auto found = waiting_.find(rid);
    if (found != waiting_.end()) deliver(rid, *found->second);
  }
}

bool MethodCalls::deliver(const std::string& rid, Waiting& waiting) {
  if (!deliver_(waiting.call, rid)) return false;
  waiting.delivered = true;
  waiting.timer.after(waiting.call.responseTimeout, [this, rid] { finish(rid, errors::gatewayTimeout()); });
  return true;
}

bool MethodCalls::answered(const std::string& device, std::string_view rid, int status, std::string_view payload) {
  const auto found = waiting_.find(rid);
  if (found == waiting_.end()) return false;
  Waiting& waiting = *found->second;
  if (waiting.call.device != device || !waiting.delivered || waiting.answered) return false;
  waiting.answered = true;
  const std::string key = found->first;
  if (faults_.methodDelayMs == 0) {
    finish(key, judged(status, payload));
    return true;
  }
  waiting.timer.after(std::chrono::milliseconds{faults_.methodDelayMs},
                      [this, key, ended = judged(status, payload)] { finish(key, ended); });
  return true;
}

bool MethodCalls::answeredBadly(const std::string& device, std::string_view rid) {
  const auto found = waiting_.find(rid);
  if (found == waiting_.end()) return false;
  if (found->second->call.device != device || !found->second->delivered || found->second->answered) return false;
  finish(std::string{rid}, errors::badDeviceAnswer());
  return true;
}

void MethodCalls::deviceDeleted(const std::string& device) {
  std::vector<std::string> rids;
  for (const auto& [rid, waiting] : waiting_)
    if (waiting->call.device == device) rids.push_back(rid);
  for (const std::string& rid : rids) finish(rid, errors::deviceNotFound(device));
}

void MethodCalls::finish(const std::string& rid, Ended ended) {
  const auto found = waiting_.find(rid);
  if (found == waiting_.end()) return;
  const Done done = std::move(found->second->done);
  waiting_.erase(found);  // may be the owner of `rid`
  done(std::move(ended));
}

}  // namespace spheregate::hubsim
