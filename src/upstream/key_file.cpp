#include "spheregate/upstream/key_file.hpp"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <utility>

namespace spheregate::upstream {
namespace {

constexpr std::size_t kKeyFileBytesMax = 4096;

}  // namespace

base::Explained<std::string> readSecret(const std::filesystem::path& file, std::size_t bytesMax) {
  std::error_code error;
  // Opening a pipe waits for its other end.
  if (std::filesystem::exists(file, error) && !std::filesystem::is_regular_file(file, error)) {
    return base::failed<std::string>(file.string() + " is not a regular file; name one");
  }
  errno = 0;
  std::ifstream stream{file, std::ios::binary};
  if (!stream) {
    const int why = errno;
    const bool absent = why == ENOENT || why == ENOTDIR;
    return base::failed<std::string>("cannot read " + file.string() + " (" + std::strerror(why) + "); " +
                                     (absent ? "check the path" : "let the user who runs this read it, and enter every directory above it"));
  }
  // One byte more than allowed is enough to see that a file is too large, however large it is.
  std::string text(bytesMax + 1, '\0');
  stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (stream.bad()) return base::failed<std::string>("reading " + file.string() + " failed; check the disk");
  text.resize(static_cast<std::size_t>(stream.gcount()));
  if (text.size() > bytesMax) return base::failed<std::string>(file.string() + " is too large for a file of keys");
  return base::Explained<std::string>{boost::system::in_place_value, std::move(text)};
}

base::Explained<hub::SharedAccessKey> readKey(const std::filesystem::path& file) {
  const auto text = readSecret(file, kKeyFileBytesMax);
  if (!text) return text.error();
  auto key = hub::SharedAccessKey::fromBase64(*text);
  if (!key) return file.string() + ": " + key.error();
  return key;
}

}  // namespace spheregate::upstream
