#include "pki/key.hpp"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <array>
#include <cstddef>
#include <string_view>

#include "pki/openssl.hpp"

namespace spheregate::testpki {

Key makeEcKey(const char* curve) { return Key{needed(EVP_EC_gen(curve), "an EC key"), EVP_PKEY_free}; }

Key makeRsaKey(unsigned bits) { return Key{needed(EVP_RSA_gen(bits), "an RSA key"), EVP_PKEY_free}; }

std::string sphereId(const EVP_PKEY& key) {
  constexpr std::size_t kPointBytes = 65;  // 0x04, X, Y
  std::array<unsigned char, kPointBytes> point{};
  std::size_t length = 0;
  needed(EVP_PKEY_get_octet_string_param(&key, OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size(), &length) == 1 &&
             length == kPointBytes,
         "the public point of a P-256 key");
  constexpr std::string_view digits = "0123456789abcdef";
  std::string id;
  for (std::size_t at = 1; at < kPointBytes; ++at) {
    id += digits[point[at] >> 4];
    id += digits[point[at] & 15];
  }
  return id;
}

std::string pem(const EVP_PKEY& key) {
  const Bio bio = memoryBio();
  needed(PEM_write_bio_PKCS8PrivateKey(bio.get(), &key, nullptr, nullptr, 0, nullptr, nullptr), "a key in PEM form");
  return textOf(*bio);
}

}  // namespace spheregate::testpki
