#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "spheregate/base/result.hpp"

namespace spheregate::bundle {

// A tar file, compressed by gzip, made a file at a time: POSIX ustar, which everything unpacks. All files are in one directory and readable
// by their owner alone.
class Archive {
 public:
  // Takes the bytes of the archive as they come.
  using Sink = std::function<base::Explained<void>(std::string_view bytes)>;
  // `directory` and names are short and made by this program: together at most 99 bytes.
  Archive(std::string directory, std::int64_t unixSeconds, Sink sink);
  ~Archive();
  Archive(const Archive&) = delete;
  Archive& operator=(const Archive&) = delete;

  // The error is the sink's.
  base::Explained<void> add(std::string_view name, std::string_view content);
  // Without it the archive is not whole.
  base::Explained<void> finish();

 private:
  struct Stream;
  base::Explained<void> compress(std::string_view bytes, bool last);

  std::string directory_;
  std::int64_t unixSeconds_;
  Sink sink_;
  std::unique_ptr<Stream> stream_;
};

}  // namespace spheregate::bundle
