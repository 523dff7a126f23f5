#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "spheregate/config/config.hpp"
#include "spheregate/ops/file_stamps.hpp"

namespace spheregate::app {

// A file that is read once, when the gateway starts.
struct StartFile {
  std::string key;  // of the configuration, which names it
  std::filesystem::path file;
};

// The keys and the trust of the way to the hub. What else the configuration names is read again while the gateway runs; so are the files that
// Paho reads at each connection: the gateway's own certificate with its key, and in `mode: shared` upstream.ca.
std::vector<StartFile> startFiles(const config::Config& config);

// What stood in them at the start, as digests, and which hold something else now. To be made before they are read for use: what is written in
// between then counts as changed.
class StartContents {
 public:
  explicit StartContents(const config::Config& started);

  // The keys whose files have changed. A file that is gone does not count: a restart would not help.
  std::vector<std::string> changed() const;

  // Why a start with this configuration would fail for what such a file holds now; empty when it would not. What is as it was at the start,
  // or gone since, is not looked at.
  std::string fault(const config::Config& next) const;

 private:
  struct Content {
    StartFile named;
    ops::FileStamps stamps;
    std::string digest;
  };
  static bool isOther(const Content& before);
  std::vector<Content> contents_;
};

}  // namespace spheregate::app
