#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "spheregate/diagnosis/refusal_book.hpp"
#include "spheregate/identity/aliases.hpp"
#include "spheregate/identity/known_devices.hpp"
#include "spheregate/queue/custody.hpp"
#include "spheregate/relay/front.hpp"

// What is told of devices: those that are or were here, those that have something queued, and those that were refused.
namespace spheregate::app {

struct FleetParts {
  const queue::Custody& custody;
  relay::Front& front;
  const identity::KnownDevices& known;
  const diagnosis::RefusalBook& refusals;
  const identity::Aliases& aliases;
  const base::Clock& clock;
};

// Everything of one device that fits into a list. `state` is `connected`, `refused` (its last attempt), or `absent`.
nlohmann::json deviceJson(const FleetParts& fleet, std::string_view id);
// One entry of the book.
nlohmann::json refusalJson(const FleetParts& fleet, const diagnosis::Entry& entry);
nlohmann::json refusalsJson(const FleetParts& fleet, const std::vector<const diagnosis::Entry*>& entries);

// A part of the list, in the order of the ids.
struct PageWish {
  std::size_t limit = 100;
  std::string after;   // an id
  std::string search;  // in id or alias, whatever the letter case
  std::string state;   // empty: all
};
struct Page {
  std::vector<std::string> ids;
  std::size_t total = 0;  // that fit the wish, on all pages
  bool more = false;
};
Page pageOf(const FleetParts& fleet, const PageWish& wish);

// Whom a person means by an id, an alias, `first 8…last 4` of an id as logs show it, or an id in another letter case.
struct Meant {
  std::string id;    // empty: nobody, or several
  std::string note;  // what to say about how it was found, or why not
};
// Only reading takes the beginning of an id too, of 8 characters or more.
enum class Beginnings : std::uint8_t { refused, taken };
Meant meant(const FleetParts& fleet, std::string_view said, Beginnings beginnings = Beginnings::refused);

}  // namespace spheregate::app
