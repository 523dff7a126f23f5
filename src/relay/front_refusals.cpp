#include <utility>

#include "claims.hpp"
#include "front_metrics.hpp"
#include "front_parts.hpp"
#include "spheregate/base/log.hpp"
#include "spheregate/base/utf8.hpp"
#include "spheregate/relay/front.hpp"

// How a device is told no, and who else hears of it.
namespace spheregate::relay {
namespace {

using session::Ending;
using session::PublishAnswer;

const char* fixOf(Ending ending) {
  switch (ending) {
    case Ending::protocolVersion: return "connect with MQTT 3.1.1, as the SDKs of Azure IoT do";
    case Ending::connectTimedOut: return "let the device send CONNECT as soon as TLS stands";
    case Ending::protocolError: return "look at what the device sends; IoT Hub would close its connection too";
    default: return "";
  }
}

}  // namespace

void Front::note(Deed deed, const char* result, std::string_view reason, std::string_view fix, std::string_view peer,
                 const tls::Verdict& verdict) {
  if (notes_ == nullptr) return;
  notes_->refused({.deed = deed, .result = result, .reason = reason, .fix = fix, .peer = peer, .verdict = verdict});
}

void Front::noteUnwelcome(const Unwelcome& why, std::string_view peer, const tls::Verdict& verdict) {
  note(Deed::session, why.result, why.reason, why.fix, peer, verdict);
}

void Front::noteAllowed(Deed deed, bool& told, std::string_view id) {
  if (!std::exchange(told, true) && notes_ != nullptr) notes_->allowed(deed, id);
}

// The wire goes with the call. A device that is well sends its CONNECT at once and does not come here.
void Front::turnAway(const base::Wire& wire, const tls::Verdict& verdict) {
  counts_->connected("too_many_unfinished");
  logRefusal(wire.peer(), verdict, "too_many_unfinished", "",
             "the device has " + std::to_string(kUnfinishedMax) + " connections already that have not sent CONNECT",
             "let the device send CONNECT as soon as TLS stands, and close a connection before it opens another");
}

session::ConnectAnswer Front::refuse(session::Conversation& conversation, mqtt::ConnackCode code, const char* result, std::string_view reason,
                                     std::string_view fix) {
  counts_->connected(result);
  logRefusal(conversation.peer(), *guest(conversation).verdict, result, std::to_string(static_cast<int>(code)), reason, fix);
  return {.code = code, .sessionPresent = false};
}

void Front::logRefusal(std::string_view peer, const tls::Verdict& verdict, const char* result, std::string_view connack,
                       std::string_view reason, std::string_view fix) {
  note(Deed::connect, result, reason, fix, peer, verdict);
  const auto before = refusals_.pass(verdict.deviceId, timers_.now());
  if (!before) return;
  base::logWarn("device refused", {{"peer", peer},
                                   {"cn", verdict.deviceId},
                                   {"issuer", verdict.certificate.issuer},
                                   {"serial", verdict.certificate.serial},
                                   {"not_before", verdict.certificate.notBefore},
                                   {"not_after", verdict.certificate.notAfter},
                                   {"result", result},
                                   {"connack", connack},
                                   {"reason", reason},
                                   {"fix", fix},
                                   base::moreBefore(*before)});
}

PublishAnswer Front::forbid(const session::Conversation& conversation, const char* result, std::string_view topic, std::string_view reason,
                            std::string_view fix) {
  counts_->publishRefused(result);
  const std::string id{conversation.certifiedId()};
  note(Deed::publish, result, reason, fix, conversation.peer(), *guest(conversation).verdict);
  const auto before = refusals_.pass("publish " + id, timers_.now());
  if (before) {
    base::logWarn("publish refused", {{"device", id},
                                      {"cn", id},
                                      {"peer", conversation.peer()},
                                      {"result", result},
                                      {"reason", reason},
                                      {"topic", base::clipUtf8(topic, 300)},
                                      {"fix", fix},
                                      base::moreBefore(*before)});
  }
  return {.kind = PublishAnswer::Kind::close};
}

PublishAnswer Front::forbidTopic(const session::Conversation& conversation, std::string_view topic) {
  const ClaimFault fault = topicFault(topic, conversation.certifiedId());
  return forbid(conversation, fault.result, topic, fault.reason, fault.fix);
}

std::uint8_t Front::refuseFilter(const session::Conversation& conversation, const mqtt::Filter& filter, bool ofSharedMode) {
  constexpr std::uint8_t kFailure = 0x80;
  counts_->subscriptionsRefused.add();
  base::logDebug("subscription refused", {{"device", conversation.certifiedId()}, {"filter", filter.filter}});
  // Where devices share one identity these filters mean nothing, and every SDK asks for them.
  if (ofSharedMode) return kFailure;
  Guest& asker = guest(conversation);
  asker.filterRefused = true;
  const ClaimFault fault = filterFault(filter.filter, conversation.certifiedId());
  note(Deed::subscribe, fault.result, fault.reason, fault.fix, conversation.peer(), *asker.verdict);
  return kFailure;
}

// Of the ways in which a connection ends, those that somebody should mend at the device.
void Front::noteEnd(const Guest& leaving, Ending ending, std::string_view detail) {
  const std::string_view fix = fixOf(ending);
  if (fix.empty()) return;
  note(leaving.device ? Deed::session : Deed::connect, label(ending), detail, fix, leaving.conversation->peer(), *leaving.verdict);
}

void Front::logEnd(const session::Conversation& conversation, Ending ending, std::string_view detail) {
  const auto before = visits_.pass(conversation.certifiedId(), timers_.now());
  if (!before) return;
  const std::string_view fix = fixOf(ending);
  // A review tells of all whom it ends in one line of its own.
  const base::LogLevel level = reviewing_ ? base::LogLevel::debug : fix.empty() ? base::LogLevel::info : base::LogLevel::warn;
  base::log(level, "device disconnected",
            {{"device", conversation.certifiedId()},
             {"peer", conversation.peer()},
             {"reason", label(ending)},
             {"detail", detail},
             {"fix", fix},
             base::moreBefore(*before)});
}

}  // namespace spheregate::relay
