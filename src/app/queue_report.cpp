#include "queue_report.hpp"

#include <chrono>

#include "iso_time.hpp"
#include "spheregate/hub/base64.hpp"
#include "spheregate/relay/stored_message.hpp"

namespace spheregate::app {
namespace {

using nlohmann::json;

base::WallTime timeOf(std::uint64_t unixMs) { return base::WallTime{std::chrono::milliseconds{unixMs}}; }

void addBody(json& entry, const base::Bytes& body) {
  const auto message = relay::decode(body);
  if (!message) {
    entry["fault"] = "it is no message as this version keeps them";
    entry["payload"] = hub::base64Encode(body);
    return;
  }
  entry["kind"] = message->kind == relay::MessageKind::telemetry ? "telemetry" : "reported_properties";
  entry["suffix"] = message->suffix;
  entry["retain"] = message->retain;
  entry["payload"] = hub::base64Encode(message->payload);
}

void addAlias(json& entry, std::string_view alias) {
  if (!alias.empty()) entry["alias"] = alias;
}

}  // namespace

DeviceBooks booksOf(const queue::Custody& custody, queue::DeviceKey device) {
  const queue::DeviceQueueState state = custody.state(device);
  return {.id = std::string{state.id},
          .ledger = state.ledger,
          .queued = state.messages,
          .bytes = state.bytes,
          .oldest = state.oldest,
          .counted = custody.recount(device)};
}

// Of a stored queue the books say how much has been stored and has not left; what is there may be less.
DeviceBooks booksOf(const queue::StoredDevice& device) {
  return {.id = std::string{device.id},
          .ledger = device.ledger,
          .queued = device.messages + device.missing,
          .bytes = device.bytes,
          .oldest = device.oldest,
          .counted = {.messages = device.messages, .bytes = device.bytes}};
}

bool balanced(const queue::Ledger& ledger, std::uint64_t queued) {
  return ledger.accepted == ledger.delivered + queued + ledger.expired + ledger.dropped + ledger.deadLettered;
}

bool balanced(const DeviceBooks& books) {
  return balanced(books.ledger, books.queued) && books.counted == queue::Recount{.messages = books.queued, .bytes = books.bytes};
}

json ledgerJson(const queue::Ledger& ledger, std::uint64_t queued) {
  return {{"accepted", ledger.accepted}, {"delivered", ledger.delivered}, {"queued", queued},
          {"expired", ledger.expired},   {"dropped", ledger.dropped},     {"dead_lettered", ledger.deadLettered}};
}

json backlogJson(const DeviceBooks& books, std::string_view alias, base::WallTime now) {
  json entry{{"id", books.id}, {"messages", books.queued}, {"bytes", books.bytes}};
  addAlias(entry, alias);
  if (books.oldest) entry["oldest_age_seconds"] = std::chrono::duration<double>(now - *books.oldest).count();
  return entry;
}

json auditJson(const DeviceBooks& books, std::string_view alias) {
  json entry = ledgerJson(books.ledger, books.queued);
  entry["id"] = books.id;
  entry["counted"] = books.counted.messages;
  entry["balanced"] = balanced(books);
  addAlias(entry, alias);
  return entry;
}

void SumOfBooks::add(const DeviceBooks& books) {
  ledger.accepted += books.ledger.accepted;
  ledger.delivered += books.ledger.delivered;
  ledger.expired += books.ledger.expired;
  ledger.dropped += books.ledger.dropped;
  ledger.deadLettered += books.ledger.deadLettered;
  queued += books.queued;
  counted.messages += books.counted.messages;
  counted.bytes += books.counted.bytes;
}

json letterJson(const queue::DeadLetter& letter, std::string_view alias) {
  json entry{{"id", letter.id}, {"bytes", letter.bytes}};
  if (!letter.fault.empty()) {
    entry["fault"] = letter.fault;
    return entry;
  }
  entry["device"] = letter.device;
  addAlias(entry, alias);
  entry["reason"] = letter.reason;
  if (!letter.kind.empty()) entry["cause"] = letter.kind;
  entry["accepted"] = iso8601(timeOf(letter.acceptedMs));
  if (letter.deadMs != 0) entry["dead"] = iso8601(timeOf(letter.deadMs));
  return entry;
}

json wholeLetterJson(const queue::DeadLetter& letter, std::string_view alias) {
  json entry = letterJson(letter, alias);
  if (letter.fault.empty()) addBody(entry, letter.body);
  return entry;
}

json messageJson(const queue::MessageCopy& message, std::string_view device, std::string_view alias) {
  json entry{{"device", device}, {"sequence", message.sequence}, {"accepted", iso8601(timeOf(message.acceptedMs))}};
  addAlias(entry, alias);
  if (message.fault.empty())
    addBody(entry, message.body);
  else
    entry["fault"] = message.fault;
  return entry;
}

}  // namespace spheregate::app
