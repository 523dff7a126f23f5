#pragma once

#include <string_view>

namespace spheregate::ops {

// A file of the status page, as it was in src/ops/page when the program was built.
struct PageFile {
  std::string_view path;  // as it is asked for
  const char* contentType;
  std::string_view content;
  std::string_view tag;  // in quotes; another content has another
};

// Null when the page has no such file.
const PageFile* pageFile(std::string_view path);

}  // namespace spheregate::ops
