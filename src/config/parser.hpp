#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "document.hpp"
#include "keys.hpp"
#include "spheregate/config/config.hpp"

namespace spheregate::config {

// One pass over one document: gives every value to its key and collects every problem.
class Parser {
 public:
  explicit Parser(std::string fileName) : fileName_{std::move(fileName)} {}
  Loaded parse(const std::string& yaml);

 private:
  void readSection(const Node& map, const std::string& prefix);
  void readEntry(const Entry& entry, const std::string& path, const std::string& prefix);
  void readValue(const Key& key, const Entry& entry);
  void refuseUnknown(const Entry& entry, const std::string& path, const std::string& prefix);
  void checkAuthKeys();
  void checkMode();
  void checkMissing();
  bool isMeant(std::string path) const;
  void checkProxy();
  void checkHttp();
  void checkPair(const std::string& one, bool oneGiven, const std::string& other, bool otherGiven);
  void checkRevocation();
  void checkAliases();

  bool good(const std::string& path) const { return places_.contains(path) && !bad_.contains(path); }
  // Where the nearest section that the file has begins.
  Place placeAround(std::string path) const;
  void complain(Place place, const std::string& path, Complaint complaint);

  std::string fileName_;
  Loaded loaded_;
  std::map<std::string, Place> places_;  // of every known key and section in the file
  std::set<std::string> bad_;            // known keys whose value was refused
  std::set<std::string> meant_;          // keys and sections that unknown ones stand for, most likely
  std::vector<Entry> aliases_;           // of devices.aliases, as the file has them
};

}  // namespace spheregate::config
