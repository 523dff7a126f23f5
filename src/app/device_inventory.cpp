#include "device_inventory.hpp"

#include <algorithm>
#include <cctype>
#include <nlohmann/json.hpp>
#include <optional>
#include <unordered_map>

#include "spheregate/identity/device_id.hpp"

namespace spheregate::app {
namespace {

using nlohmann::json;
using identity::NameRule;

constexpr std::size_t kSphereDigits = 128;

bool hexDigit(char c) { return std::isxdigit(static_cast<unsigned char>(c)) != 0; }

std::string lowered(std::string_view text) {
  std::string out{text};
  std::transform(out.begin(), out.end(), out.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view blanks = " \t\r\"";
  const std::size_t begin = text.find_first_not_of(blanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(blanks) - begin + 1);
}

// Collects devices, each once.
class Collector {
 public:
  explicit Collector(NameRule rule) : rule_{rule} {}

  // What is wrong with it, if anything.
  std::optional<std::string> add(std::string_view id, std::string_view alias) {
    std::string own = identity::hasSphereForm(id) ? lowered(id) : std::string{id};
    if (own != id) ++inventory_.lowered;
    if (const auto fault = identity::deviceIdFault(own, rule_)) return fault->what + "; " + fault->fix;
    const auto [place, isNew] = places_.emplace(own, inventory_.devices.size());
    if (isNew) inventory_.devices.push_back({own, {}});
    if (!alias.empty() && lowered(alias) != lowered(own)) inventory_.devices[place->second].alias = alias;
    return std::nullopt;
  }
  void passOver() { ++inventory_.passedOver; }
  Inventory take() { return std::move(inventory_); }

 private:
  NameRule rule_;
  Inventory inventory_;
  std::unordered_map<std::string, std::size_t> places_;
};

std::string textOf(const json& object, std::initializer_list<const char*> keys) {
  for (const char* key : keys) {
    const auto found = object.find(key);
    if (found != object.end() && found->is_string() && !found->get_ref<const std::string&>().empty()) return found->get<std::string>();
  }
  return {};
}

// In Azure's resources the device id is among the properties, and the resource's name is the id again.
std::optional<std::string> addObject(Collector& collector, const json& object) {
  if (!object.is_object()) {
    collector.passOver();
    return std::nullopt;
  }
  const auto properties = object.find("properties");
  const json none = json::object();
  const json& inner = properties != object.end() && properties->is_object() ? *properties : none;
  std::string id = textOf(object, {"deviceId", "DeviceId", "device_id"});
  if (id.empty()) id = textOf(inner, {"deviceId", "DeviceId"});
  const std::string name = textOf(object, {"alias", "deviceName", "name", "displayName"});
  if (id.empty() && identity::hasSphereForm(name)) id = name;
  if (id.empty() && identity::hasSphereForm(textOf(object, {"id"}))) id = textOf(object, {"id"});
  if (id.empty()) {
    collector.passOver();
    return std::nullopt;
  }
  const std::string innerName = textOf(inner, {"alias", "deviceName", "displayName"});
  auto fault = collector.add(id, innerName.empty() ? name : innerName);
  if (fault) *fault = id.substr(0, 40) + ": " + *fault;
  return fault;
}

base::Explained<Inventory> readJson(std::string_view text, NameRule rule) {
  const json document = json::parse(text, nullptr, false);
  if (document.is_discarded()) return base::failed<Inventory>("this begins like JSON and is none; save the whole output of `az sphere device list`");
  const json* devices = &document;
  if (document.is_object() && document.contains("value")) devices = &document["value"];
  Collector collector{rule};
  if (devices->is_object()) {
    if (auto fault = addObject(collector, *devices)) return base::failed<Inventory>(*fault);
    return collector.take();
  }
  for (const json& object : *devices) {
    if (auto fault = addObject(collector, object)) return base::failed<Inventory>(*fault);
  }
  return collector.take();
}

// The first run of exactly 128 hexadecimal digits.
std::string_view sphereIdIn(std::string_view line) {
  for (auto begin = std::find_if(line.begin(), line.end(), hexDigit); begin != line.end();) {
    const auto end = std::find_if_not(begin, line.end(), hexDigit);
    if (static_cast<std::size_t>(end - begin) == kSphereDigits) return line.substr(static_cast<std::size_t>(begin - line.begin()), kSphereDigits);
    begin = std::find_if(end, line.end(), hexDigit);
  }
  return {};
}

std::optional<std::string> addLine(Collector& collector, std::string_view line, NameRule rule, bool first) {
  line = trimmed(line.substr(0, line.find('#')));
  if (line.empty()) return std::nullopt;
  const std::size_t comma = line.rfind(',');
  const std::string_view id = trimmed(line.substr(0, comma));
  const std::string_view alias = comma == std::string_view::npos ? std::string_view{} : trimmed(line.substr(comma + 1));
  if (identity::hasSphereForm(id)) return collector.add(id, alias);
  // A table, or a sentence around an id.
  if (const std::string_view inside = sphereIdIn(line); !inside.empty()) return collector.add(inside, {});
  const bool heading = first && (lowered(id) == "id" || lowered(id) == "deviceid" || lowered(id) == "device_id" || lowered(id) == "device");
  if (rule == NameRule::any && !heading) return collector.add(id, alias);
  collector.passOver();
  return std::nullopt;
}

}  // namespace

base::Explained<Inventory> readInventory(std::string_view text, NameRule rule) {
  constexpr std::string_view byteOrderMark = "\xEF\xBB\xBF";
  if (text.starts_with(byteOrderMark)) text.remove_prefix(byteOrderMark.size());
  const std::size_t begin = text.find_first_not_of(" \t\r\n");
  if (begin == std::string_view::npos) return base::failed<Inventory>("the list is empty");
  if (text[begin] == '[' || text[begin] == '{') return readJson(text.substr(begin), rule);
  Collector collector{rule};
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::size_t end = text.find('\n');
    if (const auto fault = addLine(collector, text.substr(0, end), rule, number == 1)) {
      return base::failed<Inventory>("line " + std::to_string(number) + ": " + *fault);
    }
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return collector.take();
}

}  // namespace spheregate::app
