#pragma once

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>

#include "spheregate/base/bytes.hpp"
#include "spheregate/base/result.hpp"

// How files of the store are read, whether somebody may write them or not.
namespace spheregate::queue {

inline boost::system::error_code lastError() { return {errno, boost::system::system_category()}; }

// Fewer bytes only at the end of the file.
inline base::Result<base::Bytes> readAt(int descriptor, std::uint64_t offset, std::size_t size) {
  base::Bytes bytes(size);
  std::size_t filled = 0;
  while (filled < size) {
    const ssize_t got = ::pread(descriptor, bytes.data() + filled, size - filled, static_cast<off_t>(offset + filled));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return lastError();
    if (got == 0) break;
    filled += static_cast<std::size_t>(got);
  }
  bytes.resize(filled);
  return bytes;
}

inline base::Result<std::uint64_t> sizeOf(int descriptor) {
  struct stat facts {};
  if (::fstat(descriptor, &facts) != 0) return lastError();
  return static_cast<std::uint64_t>(facts.st_size);
}

}  // namespace spheregate::queue
