#include "login.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <algorithm>
#include <cctype>

#include "spheregate/base/check.hpp"

namespace spheregate::ops {
namespace {

constexpr std::string_view kScheme = "basic ";

std::string base64(std::string_view text) {
  std::string out(4 * ((text.size() + 2) / 3) + 1, '\0');
  const int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()), reinterpret_cast<const unsigned char*>(text.data()),
                                   static_cast<int>(text.size()));
  out.resize(static_cast<std::size_t>(size));
  return out;
}

bool isBasic(std::string_view authorization) {
  return authorization.size() > kScheme.size() &&
         std::equal(kScheme.begin(), kScheme.end(), authorization.begin(),
                    [](char known, char said) { return known == static_cast<char>(std::tolower(static_cast<unsigned char>(said))); });
}

}  // namespace

// What clients send has one form for one login, so it is compared as it is sent.
Login::Login(std::string_view user, std::string_view password)
    : expected_{digestOf(base64(std::string{user} + ":" + std::string{password}))} {}

bool Login::isShownBy(std::string_view authorization) const {
  if (!isBasic(authorization)) return false;
  authorization.remove_prefix(kScheme.size());
  while (authorization.starts_with(' ')) authorization.remove_prefix(1);
  const Digest shown = digestOf(authorization);
  return CRYPTO_memcmp(shown.data(), expected_.data(), expected_.size()) == 0;
}

Login::Digest Login::digestOf(std::string_view text) {
  Digest digest{};
  unsigned size = 0;
  SPHEREGATE_CHECK(EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha256(), nullptr) == 1 && size == digest.size());
  return digest;
}

}  // namespace spheregate::ops
