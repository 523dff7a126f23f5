#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>

#include "spheregate/base/check.hpp"
#include "spheregate/hub/base64.hpp"
#include "spheregate/hub/sas.hpp"

namespace spheregate::hub {
namespace {

constexpr std::size_t kKeyBytesMin = 16;
constexpr std::size_t kKeyBytesMax = 64;
// Many times a key in base64; more is another kind of file.
constexpr std::size_t kKeyTextBytesMax = 4096;

using Digest = std::array<std::uint8_t, 32>;

Digest hmacSha256(base::ByteView key, std::string_view text) {
  Digest digest{};
  unsigned length = 0;
  const base::ByteView data = base::asBytes(text);
  const auto* made =
      HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), data.data(), data.size(), digest.data(), &length);
  SPHEREGATE_CHECK(made != nullptr && length == digest.size());
  return digest;
}

void cleanse(base::Bytes& bytes) { OPENSSL_cleanse(bytes.data(), bytes.size()); }

}  // namespace

base::Explained<SharedAccessKey> SharedAccessKey::fromBase64(std::string_view text) {
  if (text.size() > kKeyTextBytesMax) return std::string{"the shared access key is far too long: give the base64 key alone"};
  if (text.find("SharedAccessKey=") != std::string_view::npos) {
    return std::string{"this is a connection string: give only what follows SharedAccessKey="};
  }
  auto key = base64Decode(text);
  if (!key) return std::string{"the shared access key is not valid base64; copy it whole, with the = signs at its end"};
  if (key->empty()) return std::string{"the shared access key is empty; write it there, with the = signs at its end"};
  SharedAccessKey made{std::move(*key)};
  if (made.key_.size() < kKeyBytesMin || made.key_.size() > kKeyBytesMax) {
    return "a shared access key has 16 to 64 bytes, this one has " + std::to_string(made.key_.size()) + ": copy it whole";
  }
  return made;
}

SharedAccessKey& SharedAccessKey::operator=(SharedAccessKey&& other) noexcept {
  if (this != &other) {
    cleanse(key_);
    key_ = std::move(other.key_);
  }
  return *this;
}

// Through a copy: assigning the bytes could free the old key without overwriting it.
SharedAccessKey& SharedAccessKey::operator=(const SharedAccessKey& other) {
  if (this != &other) *this = SharedAccessKey{other};
  return *this;
}

SharedAccessKey::~SharedAccessKey() { cleanse(key_); }

std::string SharedAccessKey::sign(std::string_view text) const { return base64Encode(hmacSha256(key_, text)); }

SharedAccessKey SharedAccessKey::derive(std::string_view registrationId) const {
  Digest digest = hmacSha256(key_, registrationId);
  SharedAccessKey derived{base::Bytes(digest.begin(), digest.end())};
  OPENSSL_cleanse(digest.data(), digest.size());
  return derived;
}

}  // namespace spheregate::hub
