#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "spheregate/base/result.hpp"

namespace spheregate::app {

// A file that was not there before and that only its owner may read (0600), for what is nobody else's business. Removed again unless it
// is finished.
class FreshFile {
 public:
  // `-` is stdout.
  static base::Explained<FreshFile> make(const std::string& path);
  FreshFile(FreshFile&& other) noexcept;
  FreshFile& operator=(FreshFile&&) = delete;
  ~FreshFile();

  base::Explained<void> write(std::string_view bytes);
  // It is complete, and synced.
  base::Explained<void> finish();

 private:
  FreshFile(std::string path, int descriptor) : path_{std::move(path)}, descriptor_{descriptor} {}
  base::Explained<void> flush();

  std::string path_;
  int descriptor_;
  std::string waiting_;  // not written yet
};

}  // namespace spheregate::app
