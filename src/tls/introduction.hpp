#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "openssl.hpp"

namespace spheregate::tls {

// What a peer said before TLS was settled, kept during its handshake so that a refusal can name it. All of it comes from strangers
// and is bounded.
struct Introduction {
  std::array<std::uint8_t, 5> firstBytes{};  // of the first record; all zero: nothing came
  std::uint16_t newestVersion = 0;           // that it offers; 0: no ClientHello came
  std::string serverName;                    // SNI, escaped and cut; empty when it sent none
  // As numbered by TLS, its favourites first.
  std::vector<std::uint16_t> ciphers;
  std::vector<std::uint16_t> groups;
  std::vector<std::uint16_t> signatures;

  bool empty() const { return firstBytes[0] == 0; }
  bool isMqtt() const;
};

// Lets contexts write down what peers say, and tells where for one of them; null: no further. `introduction` outlives that.
void hearIntroductions(SSL_CTX& context);
void hear(SSL& ssl, Introduction* introduction);

// `TLS 1.0`, `ECDHE-RSA-AES128-SHA, 0x1234 and 3 more`, `P-384, X448`, `ecdsa_secp384r1_sha384`.
std::string versionName(std::uint16_t version);
std::string cipherNames(SSL& ssl, const std::vector<std::uint16_t>& ciphers);
std::string groupNames(const std::vector<std::uint16_t>& groups);
std::string signatureNames(const std::vector<std::uint16_t>& signatures);

}  // namespace spheregate::tls
