#include "spheregate/x509/file_content.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <utility>

namespace spheregate::x509 {

bool isPipeOrDevice(const std::filesystem::path& file) {
  std::error_code error;
  const auto type = std::filesystem::status(file, error).type();
  using enum std::filesystem::file_type;
  return type == fifo || type == socket || type == character || type == block;
}

base::Explained<std::string> fileContent(const std::filesystem::path& file) {
  std::error_code error;
  if (std::filesystem::is_directory(file, error)) {
    return base::failed<std::string>(file.string() + ": is a directory; name a file");
  }
  if (isPipeOrDevice(file)) {
    return base::failed<std::string>(file.string() + ": is a pipe, a device or a socket; name a regular file");
  }
  errno = 0;
  std::ifstream stream{file, std::ios::binary};
  if (!stream) {
    const int why = errno;
    const bool absent = why == ENOENT || why == ENOTDIR;
    return base::failed<std::string>(file.string() + ": cannot be read (" + std::strerror(why) + "); " +
                                     (absent ? "check the path" : "let the user who runs this read it, and enter every directory above it"));
  }
  std::string content;
  std::array<char, 16'384> chunk;
  while (stream && content.size() <= kFileBytesMax) {
    stream.read(chunk.data(), chunk.size());
    content.append(chunk.data(), static_cast<std::size_t>(stream.gcount()));
  }
  if (stream.bad()) return base::failed<std::string>(file.string() + ": cannot be read to its end; check the disk it is on");
  if (content.size() > kFileBytesMax) {
    return base::failed<std::string>(file.string() + ": is larger than 16 MiB; check that it is the right file");
  }
  return base::Explained<std::string>{boost::system::in_place_value, std::move(content)};
}

}  // namespace spheregate::x509
