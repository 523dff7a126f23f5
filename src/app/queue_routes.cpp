#include "queue_routes.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "json_answer.hpp"
#include "queue_report.hpp"
#include "spheregate/base/log.hpp"

namespace spheregate::app {
namespace {

using nlohmann::json;
using ops::AdminAnswer;
using ops::AdminReply;
using ops::AdminRequest;

constexpr std::string_view kLetters = "/queue/dead-letters/";
constexpr std::string_view kRetry = "/retry";
// Each letter is a file that is opened, and each device of an audit is counted message by message; so their pages are shorter.
constexpr std::size_t kLettersPageMax = 200;
constexpr std::size_t kAuditPageMax = 200;
// Of message bodies at once, so that neither the disk nor the loop is held up.
constexpr std::size_t kCopiedMessagesMax = 256;
constexpr std::size_t kCopiedBytesMax = 256 * 1024;

std::optional<std::uint64_t> numberIn(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

// `12:id`: the last device of a page with its messages, as the next page's `after`.
struct Backlog {
  std::uint64_t messages;
  std::string_view id;
  queue::DeviceKey device;
  // The fullest first.
  bool operator<(const Backlog& other) const { return std::tuple{other.messages, id} < std::tuple{messages, other.id}; }
};

AdminAnswer backlog(const QueueParts& parts, const AdminRequest& request) {
  const auto limit = limitOf(request, 100);
  if (!limit) return badLimit();
  const std::string after = valueOf(request, "after");
  const std::size_t colon = after.find(':');
  const auto afterMessages = numberIn(std::string_view{after}.substr(0, colon));
  if (!after.empty() && (!afterMessages || colon == std::string::npos)) return wrong(400, "`after` is of no page", "take it from the page before");
  std::vector<Backlog> found;
  std::size_t waiting = 0;
  for (std::size_t number = 0; number < parts.custody.deviceCount(); ++number) {
    const auto device = static_cast<queue::DeviceKey>(number);
    const queue::DeviceQueueState state = parts.custody.state(device);
    if (state.messages == 0) continue;
    ++waiting;
    const Backlog one{state.messages, state.id, device};
    if (after.empty() || Backlog{*afterMessages, std::string_view{after}.substr(colon + 1), {}} < one) found.push_back(one);
  }
  const std::size_t count = std::min(*limit, found.size());
  std::partial_sort(found.begin(), found.begin() + static_cast<std::ptrdiff_t>(count), found.end());
  json body{{"source", "gateway"},
            {"messages", parts.custody.queuedMessages()},
            {"bytes", parts.custody.queuedBytes()},
            {"disk_bytes", parts.custody.diskBytes()},
            {"limit_bytes", parts.custody.limitBytes()},
            {"open", parts.custody.isOpen()},
            {"dead_letters", parts.custody.deadLetters()},
            {"devices_with_messages", waiting},
            {"devices", json::array()}};
  if (const auto age = parts.custody.oldestAgeSeconds()) body["oldest_age_seconds"] = *age;
  if (!parts.custody.isOpen()) body["closed"] = parts.custody.closedReason();
  const identity::Aliases& aliases = parts.aliases();
  for (std::size_t number = 0; number < count; ++number) {
    body["devices"].push_back(backlogJson(booksOf(parts.custody, found[number].device), aliases.aliasOf(found[number].id), parts.clock.wall()));
  }
  if (found.size() > count) body["after"] = std::to_string(found[count - 1].messages) + ":" + std::string{found[count - 1].id};
  return good(body);
}

AdminAnswer audit(const QueueParts& parts, const AdminRequest& request) {
  const auto limit = limitOf(request, kAuditPageMax, kAuditPageMax);
  if (!limit) return badLimit(kAuditPageMax);
  const std::string after = valueOf(request, "after");
  std::vector<std::pair<std::string_view, queue::DeviceKey>> behind;
  queue::Ledger sum;
  std::uint64_t queued = 0;
  for (std::size_t number = 0; number < parts.custody.deviceCount(); ++number) {
    const auto device = static_cast<queue::DeviceKey>(number);
    const queue::DeviceQueueState state = parts.custody.state(device);
    sum.accepted += state.ledger.accepted;
    sum.delivered += state.ledger.delivered;
    sum.expired += state.ledger.expired;
    sum.dropped += state.ledger.dropped;
    sum.deadLettered += state.ledger.deadLettered;
    queued += state.messages;
    if (after.empty() || state.id > after) behind.emplace_back(state.id, device);
  }
  const std::size_t count = std::min(*limit, behind.size());
  std::partial_sort(behind.begin(), behind.begin() + static_cast<std::ptrdiff_t>(count), behind.end());
  const queue::Ledger totals = parts.custody.totals();
  json body{{"source", "gateway"},
            {"total", ledgerJson(totals, parts.custody.queuedMessages())},
            {"dead_letters", parts.custody.deadLetters()},
            {"devices_total", parts.custody.deviceCount()},
            {"devices", json::array()}};
  const bool totalBalanced = balanced(totals, parts.custody.queuedMessages());
  const bool sumIsTotal = sum == totals && queued == parts.custody.queuedMessages();
  body["total"]["balanced"] = totalBalanced;
  body["total"]["is_sum_of_devices"] = sumIsTotal;
  bool all = totalBalanced && sumIsTotal;
  const identity::Aliases& aliases = parts.aliases();
  for (std::size_t number = 0; number < count; ++number) {
    const DeviceBooks books = booksOf(parts.custody, behind[number].second);
    all = all && balanced(books);
    body["devices"].push_back(auditJson(books, aliases.aliasOf(books.id)));
  }
  body["balanced"] = all;
  if (behind.size() > count) body["after"] = behind[count - 1].first;
  return good(body);
}

// How far a client has come who takes all messages, a page at a time.
std::string textOf(const queue::CopyPlace& place) {
  return std::to_string(place.life) + "-" + std::to_string(static_cast<std::uint32_t>(place.asOf)) + "-" + std::to_string(place.device) + "-" +
         std::to_string(place.sequence);
}

std::optional<queue::CopyPlace> placeIn(std::string_view text) {
  std::uint64_t numbers[4] = {};
  for (std::uint64_t& number : numbers) {
    const std::string_view one = text.substr(0, text.find('-'));
    const auto read = numberIn(one);
    if (!read) return std::nullopt;
    number = *read;
    text.remove_prefix(std::min(text.size(), one.size() + 1));
  }
  if (!text.empty() || numbers[1] > 0xFFFF'FFFF || numbers[2] > 0xFFFF'FFFF) return std::nullopt;
  return queue::CopyPlace{.life = numbers[0],
                          .asOf = static_cast<std::int32_t>(static_cast<std::uint32_t>(numbers[1])),
                          .device = static_cast<std::uint32_t>(numbers[2]),
                          .sequence = numbers[3]};
}

void messages(const QueueParts& parts, const AdminRequest& request, const AdminReply& reply) {
  const auto limit = limitOf(request, kCopiedMessagesMax, kCopiedMessagesMax);
  if (!limit) return reply(badLimit(kCopiedMessagesMax));
  const std::string after = valueOf(request, "after");
  const auto place = placeIn(after);
  if (!after.empty() && !place) return reply(wrong(400, "`after` is of no page", "take it from the page before"));
  parts.custody.copy({.from = place, .messagesMax = *limit, .bytesMax = kCopiedBytesMax}, [reply, parts](queue::MadeCopies made) {
    if (made.otherLife) return reply(wrong(410, "the gateway was restarted since the page before", "begin again without after="));
    json body{{"messages", json::array()}};
    const identity::Aliases& aliases = parts.aliases();
    for (const queue::MessageCopy& message : made.messages) {
      const std::string_view id = parts.custody.id(message.device);
      body["messages"].push_back(messageJson(message, id, aliases.aliasOf(id)));
    }
    if (made.next) body["after"] = textOf(*made.next);
    reply(good(body));
  });
}

void letters(const QueueParts& parts, const AdminRequest& request, const AdminReply& reply) {
  const auto limit = limitOf(request, 100, kLettersPageMax);
  if (!limit) return reply(badLimit(kLettersPageMax));
  parts.custody.listDeadLetters(valueOf(request, "after"), *limit, [reply, parts](queue::DeadLetterPage page) {
    const identity::Aliases& aliases = parts.aliases();
    json body{{"source", "gateway"}, {"total", page.total}, {"bytes", page.bytes}, {"dead_letters", json::array()}};
    for (const queue::DeadLetter& letter : page.letters) body["dead_letters"].push_back(letterJson(letter, aliases.aliasOf(letter.device)));
    if (page.more && !page.letters.empty()) body["after"] = page.letters.back().id;
    reply(good(body));
  });
}

AdminAnswer noLetter(const queue::NoLetter& problem) {
  using Why = queue::NoLetter::Why;
  const std::size_t semicolon = problem.sentence.rfind("; ");
  const std::string error = problem.sentence.substr(0, semicolon);
  const std::string fix = semicolon == std::string::npos ? std::string{} : problem.sentence.substr(semicolon + 2);
  switch (problem.why) {
    case Why::unknown: return wrong(404, error, fix);
    case Why::underWay: return wrong(409, error, fix);
    case Why::unreadable: return wrong(422, error, fix);
    case Why::noRoom:
    case Why::closed: break;
  }
  return wrong(503, error, fix);
}

void letter(const QueueParts& parts, const std::string& id, const AdminReply& reply) {
  parts.custody.readDeadLetter(id, [reply, aliases = parts.aliases](std::variant<queue::DeadLetter, queue::NoLetter> read) {
    if (const auto* problem = std::get_if<queue::NoLetter>(&read)) return reply(noLetter(*problem));
    const auto& found = std::get<queue::DeadLetter>(read);
    reply(good(wholeLetterJson(found, aliases().aliasOf(found.device))));
  });
}

void retry(const QueueParts& parts, const std::string& id, std::uint32_t uid, const AdminReply& reply) {
  base::logInfo("retry of a dead letter asked for", {{"letter", id}, {"uid", uid}});
  parts.uplink.retry(id, [id, reply](const queue::NoLetter* problem) {
    if (problem != nullptr) return reply(noLetter(*problem));
    base::logInfo("dead letter retried", {{"letter", id}, {"consequence", "its message is at the end of its device's queue"}});
    reply(good({{"id", id}, {"retried", true}}));
  });
}

}  // namespace

bool answerAboutQueue(const QueueParts& parts, const AdminRequest& request, const AdminReply& reply) {
  const std::string& path = request.path;
  const std::string id = path.starts_with(kLetters) ? path.substr(kLetters.size()) : std::string{};
  if (request.method == "POST") {
    if (!id.ends_with(kRetry)) return false;
    retry(parts, id.substr(0, id.size() - kRetry.size()), request.uid, reply);
    return true;
  }
  if (path == "/queue") {
    reply(backlog(parts, request));
  } else if (path == "/audit") {
    reply(audit(parts, request));
  } else if (path == "/queue/messages") {
    messages(parts, request, reply);
  } else if (path == "/queue/dead-letters") {
    letters(parts, request, reply);
  } else if (!id.empty()) {
    letter(parts, id, reply);
  } else {
    return false;
  }
  return true;
}

}  // namespace spheregate::app
