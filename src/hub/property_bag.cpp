#include "spheregate/hub/property_bag.hpp"

#include <algorithm>
#include <utility>

#include "query.hpp"

namespace spheregate::hub {
namespace {

// A suffix cut in three, so that the bag can be read or added to: what leads to it, the bag, and the slash some clients put
// behind it. Raw slashes inside the bag belong to it: clients that do not encode send them.
struct Suffix {
  explicit Suffix(std::string_view text) {
    std::size_t start = text.starts_with('/') ? 1 : 0;
    if (text.substr(start).starts_with('?')) ++start;
    lead = text.substr(0, start);
    bag = text.substr(start);
    if (bag.ends_with('/')) {
      tail = bag.substr(bag.size() - 1);
      bag.remove_suffix(1);
    }
  }

  std::string_view lead;
  std::string_view bag;
  std::string_view tail;
};

// A key as the least careful reader may take it: letters, digits and what joins words, in lower case. Blanks, control characters,
// bytes that are no UTF-8, what has no width, and what may stand around a bag are all dropped by somebody.
std::string plainest(std::string_view key) {
  std::string plain;
  for (const char c : key) {
    const bool capital = c >= 'A' && c <= 'Z';
    const bool kept = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
    if (capital) plain += static_cast<char>(c - 'A' + 'a');
    else if (kept) plain += c;
  }
  return plain;
}

// Others stop at the first zero byte.
bool mayBeTaken(std::string_view key, std::string_view wanted) {
  return plainest(key) == wanted || plainest(key.substr(0, key.find('\0'))) == wanted;
}

}  // namespace

std::optional<std::vector<Property>> parseBag(std::string_view suffix) {
  std::vector<Property> properties;
  std::string_view rest = Suffix{suffix}.bag;
  while (!rest.empty()) {
    const std::string_view text = takeItem(rest);
    if (text.empty()) continue;
    const Item item = splitItem(text);
    Property property;
    auto key = percentDecode(item.key);
    if (!key) return std::nullopt;
    property.key = std::move(*key);
    if (item.hasValue) {
      property.value = percentDecode(item.value);
      if (!property.value) return std::nullopt;
    }
    properties.push_back(std::move(property));
  }
  return properties;
}

std::optional<bool> mentionsProperty(std::string_view suffix, std::string_view key) {
  const auto properties = parseBag(suffix);
  if (!properties) return std::nullopt;
  const std::string wanted = plainest(key);
  return std::any_of(properties->begin(), properties->end(), [&](const Property& property) { return mayBeTaken(property.key, wanted); });
}

std::string formatBag(const std::vector<Property>& properties) {
  std::string bag;
  for (const Property& property : properties) {
    if (!bag.empty()) bag += '&';
    bag += percentEncode(property.key);
    if (property.value) bag.append("=").append(percentEncode(*property.value));
  }
  return bag;
}

std::string withProperty(std::string_view suffix, std::string_view key, std::string_view value) {
  const Suffix parts{suffix};
  std::string longer{suffix.empty() ? std::string_view{"/"} : parts.lead};
  longer.append(parts.bag);
  if (!parts.bag.empty() && !parts.bag.ends_with('&')) longer += '&';
  longer.append(percentEncode(key)).append("=").append(percentEncode(value)).append(parts.tail);
  return longer;
}

}  // namespace spheregate::hub
