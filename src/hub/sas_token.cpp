#include <openssl/crypto.h>

#include <charconv>
#include <optional>

#include "query.hpp"
#include "spheregate/hub/property_bag.hpp"
#include "spheregate/hub/sas.hpp"

namespace spheregate::hub {
namespace {

constexpr std::string_view kScheme = "SharedAccessSignature ";
constexpr int kDecodingsMax = 8;

const char* describe(SasErrc code) {
  switch (code) {
    case SasErrc::notAToken:
      return "not a shared access signature";
    case SasErrc::missingField:
      return "the shared access signature lacks sr, sig or se";
    case SasErrc::badExpiry:
      return "the expiry of the shared access signature is not a time in seconds";
    case SasErrc::badEncoding:
      return "the shared access signature holds a broken percent escape";
  }
  return "unknown token error";
}

class Category final : public boost::system::error_category {
 public:
  const char* name() const noexcept override { return "spheregate.sas"; }
  std::string message(int value) const override { return describe(static_cast<SasErrc>(value)); }
};

constexpr Category category;

struct Fields {
  std::optional<std::string_view> resource;
  std::optional<std::string_view> signature;
  std::optional<std::string_view> expires;
  std::optional<std::string_view> policy;

  // Nothing when the name is not one of a token's.
  std::optional<std::string_view>* find(std::string_view name) {
    if (name == "sr") return &resource;
    if (name == "sig") return &signature;
    if (name == "se") return &expires;
    return name == "skn" ? &policy : nullptr;
  }
};

base::Result<Fields> readFields(std::string_view text) {
  Fields fields;
  while (!text.empty()) {
    const Item item = splitItem(takeItem(text));
    auto* field = fields.find(item.key);
    if (field == nullptr) continue;
    if (!item.hasValue || *field) return SasErrc::notAToken;
    *field = item.value;
  }
  if (!fields.resource || fields.resource->empty()) return SasErrc::missingField;
  if (!fields.signature || fields.signature->empty() || !fields.expires) return SasErrc::missingField;
  return fields;
}

std::optional<std::int64_t> readExpiry(std::string_view text) {
  std::int64_t seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  const bool whole = error == std::errc{} && end == text.data() + text.size();
  if (!whole || text.starts_with('-')) return std::nullopt;
  return seconds;
}

std::string signedText(std::string_view resource, std::int64_t expires) {
  return std::string{resource} + "\n" + std::to_string(expires);
}

}  // namespace

boost::system::error_code make_error_code(SasErrc code) { return {static_cast<int>(code), category}; }

std::string makeSasToken(const SharedAccessKey& key, std::string_view resource, std::int64_t expires, std::string_view policy) {
  const std::string encoded = percentEncode(resource);
  std::string token{kScheme};
  token.append("sr=").append(encoded);
  token.append("&sig=").append(percentEncode(key.sign(signedText(encoded, expires))));
  token.append("&se=").append(std::to_string(expires));
  if (!policy.empty()) token.append("&skn=").append(percentEncode(policy));
  return token;
}

std::string moduleResource(std::string_view hub, std::string_view deviceId, std::string_view moduleId) {
  std::string resource{hub};
  return resource.append("/devices/").append(percentEncode(deviceId)).append("/modules/").append(percentEncode(moduleId));
}

base::Result<SasToken> parseSasToken(std::string_view text) {
  if (!text.starts_with(kScheme)) return SasErrc::notAToken;
  const auto fields = readFields(text.substr(kScheme.size()));
  if (!fields) return fields.error();
  const auto expires = readExpiry(*fields->expires);
  if (!expires) return SasErrc::badExpiry;
  auto signature = percentDecode(*fields->signature);
  auto policy = percentDecode(fields->policy.value_or(std::string_view{}));
  if (!signature || !policy || !percentDecode(*fields->resource)) return SasErrc::badEncoding;

  SasToken token;
  token.resource = *fields->resource;
  token.signature = std::move(*signature);
  token.expires = *expires;
  token.policy = std::move(*policy);
  return token;
}

bool signedBy(const SasToken& token, const SharedAccessKey& key) {
  const std::string expected = key.sign(signedText(token.resource, token.expires));
  return token.signature.size() == expected.size() &&
         CRYPTO_memcmp(token.signature.data(), expected.data(), expected.size()) == 0;
}

std::string audience(const SasToken& token) {
  std::string name = token.resource;
  for (int i = 0; i < kDecodingsMax; ++i) {
    auto decoded = percentDecode(name);
    if (!decoded || *decoded == name) break;
    name = std::move(*decoded);
  }
  return name;
}

}  // namespace spheregate::hub
