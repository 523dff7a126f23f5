#include "spheregate/base/secret_file.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <fstream>
#include <string_view>
#include <system_error>

namespace spheregate::base {

Explained<std::string> secretIn(const std::filesystem::path& file, const std::string& place, const std::string& what) {
  std::error_code ignored;
  if (std::filesystem::is_directory(file, ignored)) return failed<std::string>(place + " is a directory; name a file");
  // Opening a pipe waits for its other end, and a device may never come to an end.
  if (std::filesystem::exists(file, ignored) && !std::filesystem::is_regular_file(file, ignored)) {
    return failed<std::string>(place + " is a pipe, a device or a socket; name a regular file");
  }
  errno = 0;
  std::ifstream stream{file, std::ios::binary};
  if (!stream) {
    return failed<std::string>(place + " cannot be read (" + std::system_category().message(errno) +
                               "); check that it exists and that the gateway's user may read it");
  }
  std::array<char, kSecretBytesMax + 2> text{};
  stream.read(text.data(), text.size());
  std::string_view secret{text.data(), static_cast<std::size_t>(stream.gcount())};
  // An editor leaves the end of the line.
  while (!secret.empty() && (secret.back() == '\n' || secret.back() == '\r')) secret.remove_suffix(1);
  if (secret.empty()) return failed<std::string>(place + " is empty; write " + what + " into it");
  if (secret.size() > kSecretBytesMax) {
    return failed<std::string>(place + " is longer than 1 KiB; it must hold " + what + " and nothing else");
  }
  const bool control = std::any_of(secret.begin(), secret.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; });
  if (control) return failed<std::string>(place + " has control characters; it must hold " + what + ", on one line");
  return Explained<std::string>{boost::system::in_place_value, secret};
}

}  // namespace spheregate::base
