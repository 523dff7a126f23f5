#include "peer_keys.hpp"

#include <openssl/err.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>

namespace spheregate::tls {
namespace {

using namespace std::string_view_literals;

constexpr std::uint8_t kInteger = 0x02;
constexpr std::uint8_t kBitString = 0x03;
constexpr std::uint8_t kObjectIdentifier = 0x06;
constexpr std::uint8_t kSequence = 0x30;
constexpr std::uint8_t kVersion = 0xa0;
constexpr char kWholePoint = 0x04;

constexpr std::string_view kEcPublicKey = "\x2a\x86\x48\xce\x3d\x02\x01"sv;
constexpr std::string_view kRsa = "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01"sv;
constexpr std::string_view kRsaPss = "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a"sv;
constexpr std::string_view kEd25519 = "\x2b\x65\x70"sv;
constexpr std::string_view kEd448 = "\x2b\x65\x71"sv;

std::size_t numberIn(std::string_view bytes) {
  std::size_t number = 0;
  for (const char byte : bytes) number = number << 8 | static_cast<std::uint8_t>(byte);
  return number;
}

// What is left of some bytes. Each take gives nothing when it is not there in full.
class Rest {
 public:
  explicit Rest(std::string_view bytes) : bytes_{bytes} {}

  bool empty() const { return bytes_.empty(); }

  std::optional<std::string_view> take(std::size_t count) {
    if (count > bytes_.size()) return std::nullopt;
    const std::string_view taken = bytes_.substr(0, count);
    bytes_.remove_prefix(count);
    return taken;
  }

  // As TLS writes what has a length: the length first, in so many bytes.
  std::optional<std::string_view> takeCounted(std::size_t lengthBytes) {
    const auto length = take(lengthBytes);
    return length ? take(numberIn(*length)) : std::nullopt;
  }

  bool at(std::uint8_t tag) const { return !bytes_.empty() && static_cast<std::uint8_t>(bytes_.front()) == tag; }

  // The content of an element of DER. Lengths may be written longer than they need be, because OpenSSL takes that too.
  std::optional<std::string_view> element(std::uint8_t tag) {
    if (!at(tag)) return std::nullopt;
    bytes_.remove_prefix(1);
    const auto first = take(1);
    if (!first) return std::nullopt;
    const std::size_t length = numberIn(*first);
    if (length < 0x80) return take(length);
    const std::size_t lengthBytes = length & 0x7f;
    if (lengthBytes == 0 || lengthBytes > sizeof(std::uint32_t)) return std::nullopt;
    return takeCounted(lengthBytes);
  }

 private:
  std::string_view bytes_;
};

// RFC 5280 §4.1: what stands before the key in a TBSCertificate.
bool passToKey(Rest& certificate) {
  if (certificate.at(kVersion) && !certificate.element(kVersion)) return false;
  if (!certificate.element(kInteger)) return false;
  constexpr int before = 4;  // signature, issuer, validity, subject
  for (int one = 0; one < before; ++one) {
    if (!certificate.element(kSequence)) return false;
  }
  return true;
}

bool readable(std::string_view certificate) {
  const auto whole = Rest{certificate}.element(kSequence);
  const auto signedPart = Rest{whole.value_or(""sv)}.element(kSequence);
  Rest rest{signedPart.value_or(""sv)};
  if (!passToKey(rest)) return false;
  const auto key = rest.element(kSequence);
  Rest parts{key.value_or(""sv)};
  const auto algorithm = parts.element(kSequence);
  const auto bits = parts.element(kBitString);
  Rest words{algorithm.value_or(""sv)};
  const auto name = words.element(kObjectIdentifier);
  if (!name || !bits) return false;
  // After the number of bits that are not used comes the form of the point; compressed, it is half of it and a root to be computed.
  if (*name == kEcPublicKey) return words.at(kObjectIdentifier) && bits->size() > 1 && (*bits)[1] == kWholePoint;
  const auto known = {kRsa, kRsaPss, kEd25519, kEd448};
  return std::find(known.begin(), known.end(), *name) != known.end();
}

// RFC 5246 §7.4.2; RFC 8446 §4.4.2 has a context before the list, and extensions after each certificate. What is no such message is
// for OpenSSL to refuse.
bool allReadable(std::string_view body, bool tls13) {
  Rest message{body};
  if (tls13 && !message.takeCounted(1)) return true;
  const auto list = message.takeCounted(3);
  if (!list || !message.empty()) return true;
  for (Rest rest{*list}; !rest.empty();) {
    const auto certificate = rest.takeCounted(3);
    if (!certificate) return true;
    if (!readable(*certificate)) return false;
    if (tls13 && !rest.takeCounted(2)) return true;
  }
  return true;
}

}  // namespace

void screenPeerKeys(int written, int version, int kind, const void* data, std::size_t size, SSL*, void*) {
  constexpr std::size_t header = 4;
  if (written != 0 || kind != SSL3_RT_HANDSHAKE || size <= header) return;
  const std::string_view message{static_cast<const char*>(data), size};
  if (message.front() != SSL3_MT_CERTIFICATE || allReadable(message.substr(header), version == TLS1_3_VERSION)) return;
  ERR_raise(ERR_LIB_SSL, SSL_R_UNKNOWN_CERTIFICATE_TYPE);
  // OpenSSL shows its own buffer, reads it after this, and asks nobody in between. All lengths are wrong now, and the first ends it.
  std::memset(const_cast<char*>(message.data()) + header, 0xff, size - header);
}

}  // namespace spheregate::tls
