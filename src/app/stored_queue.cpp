#include <algorithm>
#include <chrono>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "queue_report.hpp"
#include "queue_source.hpp"
#include "spheregate/identity/aliases.hpp"
#include "spheregate/queue/store_view.hpp"

namespace spheregate::app {
namespace {

using base::Explained;
using nlohmann::json;

class StoredQueue final : public QueueSource {
 public:
  StoredQueue(std::filesystem::path place, std::unique_ptr<queue::StoreView> view, identity::Aliases aliases, std::uint64_t limitBytes)
      : place_{std::move(place)}, view_{std::move(view)}, aliases_{std::move(aliases)}, limitBytes_{limitBytes} {
    for (std::size_t number = 0; number < view_->deviceCount(); ++number) books_.push_back(booksOf(view_->device(number)));
  }

  Explained<json> queue(std::size_t devicesMax) override {
    std::vector<const DeviceBooks*> waiting;
    SumOfBooks sum;
    std::optional<base::WallTime> oldest;
    for (const DeviceBooks& books : books_) {
      sum.add(books);
      if (books.counted.messages > 0) waiting.push_back(&books);
      if (books.oldest) oldest = std::min(oldest.value_or(*books.oldest), *books.oldest);
    }
    std::sort(waiting.begin(), waiting.end(), [](const DeviceBooks* a, const DeviceBooks* b) {
      return std::tie(b->counted.messages, a->id) < std::tie(a->counted.messages, b->id);
    });
    const base::WallTime now = std::chrono::system_clock::now();
    const queue::StoreFacts facts = view_->facts();
    json body{{"source", "store"},
              {"path", place_.string()},
              {"messages", sum.counted.messages},
              {"bytes", sum.counted.bytes},
              {"disk_bytes", facts.segmentBytes + facts.asideBytes},
              {"dead_letters", facts.deadLetters},
              {"devices_with_messages", waiting.size()},
              {"devices", json::array()}};
    if (limitBytes_ > 0) body["limit_bytes"] = limitBytes_;
    if (oldest) body["oldest_age_seconds"] = std::chrono::duration<double>(now - *oldest).count();
    waiting.resize(std::min(waiting.size(), devicesMax));
    for (const DeviceBooks* books : waiting) body["devices"].push_back(backlogJson(*books, aliases_.aliasOf(books->id), now));
    return value(std::move(body));
  }

  Explained<json> deadLetters() override {
    json body{{"source", "store"}, {"path", place_.string()}, {"total", 0}, {"bytes", 0}, {"dead_letters", json::array()}};
    std::uint64_t bytes = 0;
    for (const std::string& id : view_->deadLetters()) {
      const queue::DeadLetter letter = view_->deadLetter(id, false);
      bytes += letter.bytes;
      body["dead_letters"].push_back(letterJson(letter, aliases_.aliasOf(letter.device)));
    }
    body["total"] = body["dead_letters"].size();
    body["bytes"] = bytes;
    if (const auto same = view_->untouched(); !same) return base::failed<json>(same.error());
    return value(std::move(body));
  }

  Explained<json> audit() override {
    SumOfBooks sum;
    json devices = json::array();
    const queue::StoreFacts facts = view_->facts();
    bool all = facts.nameless == 0;
    std::vector<const DeviceBooks*> inOrder;
    for (const DeviceBooks& books : books_) inOrder.push_back(&books);
    std::sort(inOrder.begin(), inOrder.end(), [](const DeviceBooks* a, const DeviceBooks* b) { return a->id < b->id; });
    for (const DeviceBooks* books : inOrder) {
      sum.add(*books);
      all = all && balanced(*books);
      devices.push_back(auditJson(*books, aliases_.aliasOf(books->id)));
    }
    json total = ledgerJson(sum.ledger, sum.queued);
    total["balanced"] = balanced(sum.ledger, sum.queued);
    total["is_sum_of_devices"] = true;
    return value({{"source", "store"},
                  {"path", place_.string()},
                  {"balanced", all},
                  {"total", total},
                  {"dead_letters", facts.deadLetters},
                  {"store",
                   {{"segments", facts.segments},
                    {"counted", sum.counted.messages},
                    {"nameless", facts.nameless},
                    {"damaged_bytes", facts.damagedBytes},
                    {"torn_bytes", facts.tornBytes}}},
                  {"devices_total", books_.size()},
                  {"devices", devices}});
  }

  Explained<void> exportTo(const Take& take) override {
    bool more = true;
    for (std::size_t number = 0; number < books_.size() && more; ++number) {
      const std::string& id = books_[number].id;
      more = view_->forEachMessage(number, [&](const queue::MessageCopy& message) {
        json entry = messageJson(message, id, aliases_.aliasOf(id));
        entry["type"] = "message";
        return take(entry);
      });
    }
    for (const std::string& id : view_->deadLetters()) {
      if (!more) break;
      const queue::DeadLetter letter = view_->deadLetter(id, true);
      json entry = wholeLetterJson(letter, aliases_.aliasOf(letter.device));
      entry["type"] = "dead_letter";
      more = take(entry);
    }
    return view_->untouched();
  }

 private:
  static Explained<json> value(json body) { return Explained<json>{boost::system::in_place_value, std::move(body)}; }

  std::filesystem::path place_;
  std::unique_ptr<queue::StoreView> view_;
  identity::Aliases aliases_;
  std::uint64_t limitBytes_;
  std::vector<DeviceBooks> books_;
};

}  // namespace

Explained<std::unique_ptr<QueueSource>> storedQueue(const std::filesystem::path& directory, const config::Config* config) {
  using Made = std::unique_ptr<QueueSource>;
  auto view = queue::StoreView::open(directory);
  if (!view) return base::failed<Made>(view.error());
  // Names are a help; a list of them that cannot be read keeps nobody from his messages.
  auto aliases = config != nullptr ? identity::Aliases::load(config->identity) : Explained<identity::Aliases>{identity::Aliases{}};
  return Made{std::make_unique<StoredQueue>(directory, std::move(*view), aliases ? std::move(*aliases) : identity::Aliases{},
                                            config != nullptr ? config->queue.bytesMax : 0)};
}

}  // namespace spheregate::app
