#include "peer_keys.hpp"

#include <gtest/gtest.h>
#include <openssl/core_names.h>
#include <openssl/x509v3.h>

#include <functional>
#include <string>
#include <utility>

#include "unit/tls/gateway.hpp"

namespace spheregate::tls {
namespace {

using test::Gateway;
using test::Identity;
using test::Peer;

Identity with(x509::PrivateKeyHandle key, const EVP_MD* digest = EVP_sha256()) {
  Identity made = test::make({.commonNames = {"somebody"}, .subjectAltName = {}});
  made.key = std::move(key);
  EXPECT_EQ(X509_set_pubkey(made.certificate.get(), made.key.get()), 1);
  EXPECT_GT(X509_sign(made.certificate.get(), made.key.get(), digest), 0);
  return made;
}

x509::PrivateKeyHandle curve(const char* name, const char* parameter = nullptr, const char* value = nullptr) {
  x509::PrivateKeyHandle key{EVP_EC_gen(name)};
  const bool set = parameter == nullptr || EVP_PKEY_set_utf8_string_param(key.get(), parameter, value) == 1;
  EXPECT_TRUE(set);
  return key;
}

class PeerKeys : public ::testing::TestWithParam<int> {
 protected:
  // What the attempt came to, as the sink was told; empty when it got in.
  std::string resultOf(const Peer::Hello& hello) {
    const std::size_t refusedBefore = gateway.refused.size();
    const std::uint64_t inBefore = gateway.handshakes("ok");
    Peer peer = Peer::dial(gateway.listener->port());
    test::beside(gateway.loop, [&] { return peer.shakeHands(hello); });
    EXPECT_TRUE(gateway.turnUntil([&] { return gateway.refused.size() > refusedBefore || gateway.handshakes("ok") > inBefore; }));
    if (gateway.refused.size() == refusedBefore) return {};
    return std::string{gateway.refused.back().result} + ": " + gateway.refused.back().reason;
  }
  std::string resultFor(const Identity& identity) {
    return resultOf({.version = GetParam(), .identity = &identity, .trusted = &Gateway::root().certificate});
  }

  Gateway gateway;
};

INSTANTIATE_TEST_SUITE_P(Versions, PeerKeys, ::testing::Values(TLS1_2_VERSION, TLS1_3_VERSION),
                         [](const auto& version) { return version.param == TLS1_2_VERSION ? "Tls12" : "Tls13"; });

TEST_P(PeerKeys, lettingInTheUsualKinds) {
  EXPECT_EQ(resultFor(with(curve("P-256"))), "");
  EXPECT_EQ(resultFor(with(curve("P-384"))), "");
  EXPECT_EQ(resultFor(with(curve("P-521"))), "");
  EXPECT_EQ(resultFor(with(x509::PrivateKeyHandle{EVP_RSA_gen(2048)})), "");
  EXPECT_EQ(resultFor(with(x509::PrivateKeyHandle{EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519")}, nullptr)), "");
}

// A curve of the peer's own costs OpenSSL up to a tenth of a second, and a chain has room for sixty; a point of P-224 to be computed
// costs half a millisecond, and there is room for two hundred.
TEST_P(PeerKeys, readNoCurveOfThePeersOwnAndNoHalfPoint) {
  const std::string why = "protocol: a certificate that the device sends is damaged, or has a key of a kind that the gateway does not read";
  EXPECT_EQ(resultFor(with(curve("P-256", OSSL_PKEY_PARAM_EC_ENCODING, OSSL_PKEY_EC_ENCODING_EXPLICIT))), why);
  EXPECT_EQ(resultFor(with(curve("P-256", OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT, "compressed"))), why);
  EXPECT_EQ(resultFor(with(curve("P-256", OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT, "hybrid"))), why);
  EXPECT_EQ(gateway.handshakes("ok"), 0u);
}

// One exchange of keys in the field of 8,192 bits takes a tenth of a second.
TEST(PeerKeysExchange, isOnCurvesOnly) {
  Gateway gateway;
  for (const char* groups : {"ffdhe2048", "ffdhe8192"}) {
    const std::uint64_t before = gateway.handshakes("no_shared_cipher");
    Peer peer = Peer::dial(gateway.listener->port());
    EXPECT_FALSE(test::beside(gateway.loop, [&] {
      return peer.shakeHands({.identity = &Gateway::device(), .trusted = &Gateway::root().certificate, .groups = groups});
    }));
    EXPECT_TRUE(gateway.turnUntil([&] { return gateway.handshakes("no_shared_cipher") == before + 1; })) << groups;
  }
}

}  // namespace
}  // namespace spheregate::tls
