#include "proxy_login.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <fstream>
#include <string_view>
#include <system_error>

#include "limits.hpp"
#include "spheregate/tls/proxy_password.hpp"

namespace spheregate::tls {
namespace {

using base::Explained;

Explained<std::string> passwordIn(const std::filesystem::path& file) {
  const std::string place = "upstream.proxy_password_file: " + file.string();
  std::error_code ignored;
  if (std::filesystem::is_directory(file, ignored)) return base::failed<std::string>(place + " is a directory; name a file");
  errno = 0;
  std::ifstream stream{file, std::ios::binary};
  if (!stream) {
    return base::failed<std::string>(place + " cannot be read (" + std::system_category().message(errno) +
                                     "); check that it exists and that the gateway's user may read it");
  }
  std::array<char, kPasswordBytesMax + 2> text{};
  stream.read(text.data(), text.size());
  std::string_view password{text.data(), static_cast<std::size_t>(stream.gcount())};
  // An editor leaves the end of the line.
  while (!password.empty() && (password.back() == '\n' || password.back() == '\r')) password.remove_suffix(1);
  if (password.empty()) return base::failed<std::string>(place + " is empty; write the password into it");
  if (password.size() > kPasswordBytesMax) {
    return base::failed<std::string>(place + " is longer than 1 KiB; it must hold the password and nothing else");
  }
  const bool control = std::any_of(password.begin(), password.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; });
  if (control) return base::failed<std::string>(place + " has control characters; it must hold the password, on one line");
  return Explained<std::string>{boost::system::in_place_value, password};
}

std::string base64(std::string_view text) {
  std::string out(4 * ((text.size() + 2) / 3) + 1, '\0');
  const int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                                   reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size()));
  out.resize(static_cast<std::size_t>(size));
  return out;
}

}  // namespace

Explained<std::string> proxyPassword(const ProxySettings& settings) {
  if (settings.user.empty()) return Explained<std::string>{boost::system::in_place_value, std::string{}};
  return passwordIn(settings.passwordFile);
}

Explained<std::string> proxyLogin(const ProxySettings& settings) {
  const auto password = proxyPassword(settings);
  if (!password || settings.user.empty()) return password;
  return Explained<std::string>{boost::system::in_place_value, "Basic " + base64(settings.user + ":" + *password)};
}

}  // namespace spheregate::tls
