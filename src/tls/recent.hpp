#pragma once

#include <cstddef>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace spheregate::tls {

// What is remembered of a bounded number of names; the one that was not touched for longest is forgotten first.
template <class Value>
class Recent {
 public:
  explicit Recent(std::size_t namesMax) : namesMax_{namesMax} {}

  // Null for a name that is not remembered. Looking touches nothing.
  Value* find(std::string_view name) {
    const auto place = places_.find(name);
    return place == places_.end() ? nullptr : &place->second->second;
  }

  Value& touch(std::string_view name) {
    if (const auto place = places_.find(name); place != places_.end()) {
      entries_.splice(entries_.begin(), entries_, place->second);
      return entries_.front().second;
    }
    if (entries_.size() >= namesMax_) {
      places_.erase(entries_.back().first);
      entries_.pop_back();
    }
    entries_.emplace_front(std::string{name}, Value{});
    places_.emplace(entries_.front().first, entries_.begin());
    return entries_.front().second;
  }

  void forget(std::string_view name) {
    const auto place = places_.find(name);
    if (place == places_.end()) return;
    const auto entry = place->second;
    places_.erase(place);
    entries_.erase(entry);
  }

  std::size_t size() const { return entries_.size(); }

 private:
  using Entries = std::list<std::pair<std::string, Value>>;
  std::size_t namesMax_;
  Entries entries_;  // the most recent first
  std::unordered_map<std::string_view, typename Entries::iterator> places_;  // views into the entries
};

}  // namespace spheregate::tls
