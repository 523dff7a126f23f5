#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "keys.hpp"
#include "kinds.hpp"

// How a line of the table of keys is written down.
namespace spheregate::config {

template <class Field, class Value>
void assign(Field& field, Value value) {
  if constexpr (std::is_arithmetic_v<Field>) {
    field = static_cast<Field>(value);
  } else if constexpr (std::is_same_v<Field, std::chrono::seconds>) {
    field = std::chrono::duration_cast<Field>(value);
  } else {
    field = std::move(value);
  }
}

// `field` gives the place in a Config where the value lives.
template <class Value, class Field>
Key key(std::string path, Kind<Value> kind, Field field) {
  Key made;
  made.path = std::move(path);
  made.words = kind.words;
  made.plain = kind.plain;
  made.secret = kind.secret;
  made.read = [read = kind.read, field](const std::string& text, Config& config) -> std::optional<Complaint> {
    auto reading = read(text);
    if (auto* complaint = std::get_if<Complaint>(&reading)) return std::move(*complaint);
    assign(field(config), std::get<Value>(std::move(reading)));
    return std::nullopt;
  };
  made.write = [write = kind.write, field](const Config& config) { return write(Value{field(config)}); };
  return made;
}

inline Key required(Key made) {
  made.required = true;
  return made;
}

inline Key live(Key made) {
  made.live = true;
  return made;
}

inline Key requiredWhen(std::function<bool(const Config&)> needed, Key made) {
  made.required = true;
  made.needed = std::move(needed);
  return made;
}

inline Key onlyWith(std::vector<upstream::AuthType> types, Key made) {
  made.onlyWith = std::move(types);
  return made;
}

// The sections of the table.
void addDeviceKeys(std::vector<Key>& all);
void addUpstreamKeys(std::vector<Key>& all);
void addKeepingKeys(std::vector<Key>& all);

}  // namespace spheregate::config
