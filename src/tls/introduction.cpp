#include "introduction.hpp"

#include <algorithm>
#include <cstdio>
#include <functional>
#include <span>

#include "peer_keys.hpp"
#include "printable.hpp"

namespace spheregate::tls {
namespace {

constexpr std::size_t kNumbersKept = 64;
constexpr std::size_t kNamesShown = 8;

int introductionIndex() {
  static const int index = SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
  return index;
}

Introduction* introductionOf(const SSL& ssl) { return static_cast<Introduction*>(SSL_get_ex_data(&ssl, introductionIndex())); }

using Bytes = std::span<const unsigned char>;

std::uint16_t numberAt(Bytes bytes, std::size_t at) { return static_cast<std::uint16_t>(bytes[at] << 8 | bytes[at + 1]); }

// RFC 8701: values that say nothing, sent so that nobody comes to rely on known ones.
bool isGrease(std::uint16_t number) { return (number & 0x0f0f) == 0x0a0a && number >> 8 == (number & 0xff); }

std::vector<std::uint16_t> numbersIn(Bytes list) {
  std::vector<std::uint16_t> numbers;
  for (std::size_t at = 0; at + 1 < list.size() && numbers.size() < kNumbersKept; at += 2) {
    if (const std::uint16_t number = numberAt(list, at); !isGrease(number)) numbers.push_back(number);
  }
  return numbers;
}

Bytes extension(SSL& ssl, unsigned type) {
  const unsigned char* data = nullptr;
  std::size_t size = 0;
  if (SSL_client_hello_get0_ext(&ssl, type, &data, &size) != 1) return {};
  return {data, size};
}

// An extension that is one list, after its length of so many bytes.
std::vector<std::uint16_t> listIn(SSL& ssl, unsigned type, std::size_t lengthBytes) {
  const Bytes whole = extension(ssl, type);
  return whole.size() > lengthBytes ? numbersIn(whole.subspan(lengthBytes)) : std::vector<std::uint16_t>{};
}

// RFC 6066 §3: a list with one entry of type host_name.
std::string serverNameIn(SSL& ssl) {
  constexpr std::size_t head = 5;
  const Bytes whole = extension(ssl, TLSEXT_TYPE_server_name);
  if (whole.size() <= head || whole[2] != TLSEXT_NAMETYPE_host_name) return {};
  const Bytes name = whole.subspan(head, std::min<std::size_t>(whole.size() - head, numberAt(whole, 3)));
  return clipped(printable({reinterpret_cast<const char*>(name.data()), name.size()}));
}

int hearHello(SSL* ssl, int*, void*) {
  Introduction* introduction = introductionOf(*ssl);
  if (introduction == nullptr) return SSL_CLIENT_HELLO_SUCCESS;
  const std::vector<std::uint16_t> versions = listIn(*ssl, TLSEXT_TYPE_supported_versions, 1);
  introduction->newestVersion = versions.empty() ? static_cast<std::uint16_t>(SSL_client_hello_get0_legacy_version(ssl))
                                                 : *std::max_element(versions.begin(), versions.end());
  introduction->serverName = serverNameIn(*ssl);
  const unsigned char* ciphers = nullptr;
  const std::size_t size = SSL_client_hello_get0_ciphers(ssl, &ciphers);
  introduction->ciphers = numbersIn({ciphers, size});
  introduction->groups = listIn(*ssl, TLSEXT_TYPE_supported_groups, 2);
  introduction->signatures = listIn(*ssl, TLSEXT_TYPE_signature_algorithms, 2);
  return SSL_CLIENT_HELLO_SUCCESS;
}

void hearRecord(int written, int version, int kind, const void* data, std::size_t size, SSL* ssl, void* unused) {
  screenPeerKeys(written, version, kind, data, size, ssl, unused);
  Introduction* introduction = introductionOf(*ssl);
  if (written != 0 || kind != SSL3_RT_HEADER || introduction == nullptr || !introduction->empty()) return;
  const auto* bytes = static_cast<const std::uint8_t*>(data);
  std::copy_n(bytes, std::min(size, introduction->firstBytes.size()), introduction->firstBytes.begin());
}

std::string named(const std::vector<std::uint16_t>& numbers, const std::function<const char*(std::uint16_t)>& nameOf) {
  if (numbers.empty()) return "nothing";
  std::string text;
  for (std::size_t at = 0; at < std::min(numbers.size(), kNamesShown); ++at) {
    std::array<char, 8> digits{};
    std::snprintf(digits.data(), digits.size(), "0x%04x", numbers[at]);
    const char* name = nameOf(numbers[at]);
    text += (at == 0 ? "" : ", ") + std::string{name == nullptr ? digits.data() : name};
  }
  if (numbers.size() > kNamesShown) text += " and " + std::to_string(numbers.size() - kNamesShown) + " more";
  return text;
}

struct Named {
  std::uint16_t number;
  const char* name;
};

template <std::size_t size>
std::function<const char*(std::uint16_t)> among(const std::array<Named, size>& all) {
  return [&all](std::uint16_t number) -> const char* {
    const auto found = std::find_if(all.begin(), all.end(), [number](const Named& one) { return one.number == number; });
    return found == all.end() ? nullptr : found->name;
  };
}

// IANA's registries of TLS, what a device may have.
constexpr std::array<Named, 9> kGroups{{{23, "P-256"},
                                        {24, "P-384"},
                                        {25, "P-521"},
                                        {29, "X25519"},
                                        {30, "X448"},
                                        {26, "brainpoolP256r1"},
                                        {27, "brainpoolP384r1"},
                                        {256, "ffdhe2048"},
                                        {257, "ffdhe3072"}}};
constexpr std::array<Named, 16> kSignatures{{{0x0201, "rsa_pkcs1_sha1"},
                                             {0x0203, "ecdsa_sha1"},
                                             {0x0301, "rsa_pkcs1_sha224"},
                                             {0x0303, "ecdsa_sha224"},
                                             {0x0401, "rsa_pkcs1_sha256"},
                                             {0x0403, "ecdsa_secp256r1_sha256"},
                                             {0x0501, "rsa_pkcs1_sha384"},
                                             {0x0503, "ecdsa_secp384r1_sha384"},
                                             {0x0601, "rsa_pkcs1_sha512"},
                                             {0x0603, "ecdsa_secp521r1_sha512"},
                                             {0x0804, "rsa_pss_rsae_sha256"},
                                             {0x0805, "rsa_pss_rsae_sha384"},
                                             {0x0806, "rsa_pss_rsae_sha512"},
                                             {0x0807, "ed25519"},
                                             {0x0808, "ed448"},
                                             {0x0809, "rsa_pss_pss_sha256"}}};
constexpr std::array<Named, 6> kVersions{{{0x0002, "SSL 2.0"},
                                          {SSL3_VERSION, "SSL 3.0"},
                                          {TLS1_VERSION, "TLS 1.0"},
                                          {TLS1_1_VERSION, "TLS 1.1"},
                                          {TLS1_2_VERSION, "TLS 1.2"},
                                          {TLS1_3_VERSION, "TLS 1.3"}}};

}  // namespace

// §3.1 of MQTT 3.1.1: packet type 1, one or two bytes of remaining length, and a protocol name of four or (3.1) six bytes.
bool Introduction::isMqtt() const {
  if (firstBytes[0] != 0x10) return false;
  const std::size_t at = (firstBytes[1] & 0x80) != 0 ? 3 : 2;
  return firstBytes[at] == 0 && (firstBytes[at + 1] == 4 || firstBytes[at + 1] == 6);
}

void hearIntroductions(SSL_CTX& context) {
  SSL_CTX_set_client_hello_cb(&context, hearHello, nullptr);
  SSL_CTX_set_msg_callback(&context, hearRecord);
}

void hear(SSL& ssl, Introduction* introduction) {
  SSL_set_ex_data(&ssl, introductionIndex(), introduction);
  if (introduction == nullptr) SSL_set_msg_callback(&ssl, nullptr);
}

std::string versionName(std::uint16_t version) {
  if (version == 0) return {};
  if (version > TLS1_3_VERSION && version >> 8 == TLS1_3_VERSION >> 8) return "newer than TLS 1.3";
  return named({version}, among(kVersions));
}

std::string cipherNames(SSL& ssl, const std::vector<std::uint16_t>& ciphers) {
  std::vector<std::uint16_t> real;
  // These are signals, and no ciphers (RFC 5746, RFC 7507).
  std::copy_if(ciphers.begin(), ciphers.end(), std::back_inserter(real), [](auto one) { return one != 0x00ff && one != 0x5600; });
  return named(real, [&ssl](std::uint16_t number) -> const char* {
    const std::array<unsigned char, 2> bytes{static_cast<unsigned char>(number >> 8), static_cast<unsigned char>(number)};
    const SSL_CIPHER* cipher = SSL_CIPHER_find(&ssl, bytes.data());
    return cipher == nullptr ? nullptr : SSL_CIPHER_get_name(cipher);
  });
}

std::string groupNames(const std::vector<std::uint16_t>& groups) { return named(groups, among(kGroups)); }

std::string signatureNames(const std::vector<std::uint16_t>& signatures) { return named(signatures, among(kSignatures)); }

}  // namespace spheregate::tls
