#include "proxy_login.hpp"

#include <openssl/evp.h>

#include <string_view>

#include "spheregate/base/secret_file.hpp"
#include "spheregate/tls/proxy_password.hpp"

namespace spheregate::tls {
namespace {

using base::Explained;

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
  return base::secretIn(settings.passwordFile, "upstream.proxy_password_file: " + settings.passwordFile.string(), "the password");
}

Explained<std::string> proxyLogin(const ProxySettings& settings) {
  const auto password = proxyPassword(settings);
  if (!password || settings.user.empty()) return password;
  return Explained<std::string>{boost::system::in_place_value, "Basic " + base64(settings.user + ":" + *password)};
}

}  // namespace spheregate::tls
