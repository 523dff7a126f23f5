#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "spheregate/base/result.hpp"
#include "spheregate/bundle/redactor.hpp"

namespace spheregate::app {

// A file of the bundle.
struct BundleItem {
  std::string name;
  std::string what;  // for people, a few words
  std::function<base::Explained<std::string>()> content;
  bool verbatim = false;  // public in every byte, so nothing in it is looked for
};

struct BundleQuestion {
  std::filesystem::path config;
  std::filesystem::path socket;  // of the gateway; empty: it is not known
  bool offline = false;
  // After the checks: a thread of theirs still runs, and the process has to end without waiting for it.
  bool* unfinished = nullptr;
};

// What is worth knowing of a gateway, whether it runs or not.
std::vector<BundleItem> bundleItems(const BundleQuestion& question);

struct BundleMade {
  struct Entry {
    std::string name;
    std::string what;
    std::size_t bytes = 0;
    std::string missing;  // why it is not in it
  };
  std::vector<Entry> entries;
  std::string directory;  // in the archive
};

// What is in it, and what is missing and why, a line each.
std::string bundleTable(const BundleMade& made);

// Writes a tar.gz; `out` takes its bytes. README.txt in it says what is there and what is not.
base::Explained<BundleMade> makeBundle(const std::vector<BundleItem>& items, const bundle::Redactor& redactor, const std::vector<std::filesystem::path>& unread,
                                       const std::function<base::Explained<void>(std::string_view)>& out);

}  // namespace spheregate::app
