#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "spheregate/identity/aliases.hpp"
#include "spheregate/queue/copies.hpp"
#include "spheregate/queue/custody.hpp"
#include "spheregate/queue/dead_letter.hpp"
#include "spheregate/queue/store_view.hpp"

// What is told of the queue: the same of a gateway that runs and of a store without one. docs/admin-api.md has the fields.
namespace spheregate::app {

// A device's books, and what its queue holds when it is counted message by message.
struct DeviceBooks {
  std::string id;
  queue::Ledger ledger;
  std::uint64_t queued = 0;  // by the books
  std::uint64_t bytes = 0;
  std::optional<base::WallTime> oldest;
  queue::Recount counted;
};
DeviceBooks booksOf(const queue::Custody& custody, queue::DeviceKey device);
DeviceBooks booksOf(const queue::StoredDevice& device);

bool balanced(const queue::Ledger& ledger, std::uint64_t queued);
// The books add up, and the queue holds what they say.
bool balanced(const DeviceBooks& books);

nlohmann::json ledgerJson(const queue::Ledger& ledger, std::uint64_t queued);
// A device in the list of those with most queued.
nlohmann::json backlogJson(const DeviceBooks& books, std::string_view alias, base::WallTime now);
// A device in the audit.
nlohmann::json auditJson(const DeviceBooks& books, std::string_view alias);

// The books of all devices in a row.
struct SumOfBooks {
  queue::Ledger ledger;
  std::uint64_t queued = 0;
  queue::Recount counted;
  void add(const DeviceBooks& books);
};

nlohmann::json letterJson(const queue::DeadLetter& letter, std::string_view alias);
// With what the message says: `kind`, `suffix`, `retain`, `payload` in base64; `fault` where it cannot be read.
nlohmann::json wholeLetterJson(const queue::DeadLetter& letter, std::string_view alias);
nlohmann::json messageJson(const queue::MessageCopy& message, std::string_view device, std::string_view alias);

}  // namespace spheregate::app
