#include <string>

#include "spheregate/base/bytes.hpp"
#include "spheregate/base/check.hpp"
#include "spheregate/hub/device_id.hpp"
#include "spheregate/hub/property_bag.hpp"
#include "spheregate/hub/sas.hpp"
#include "spheregate/hub/username.hpp"

// The input is what a peer may send as username and as password.
namespace spheregate::hub {
namespace {

void checkUsername(std::string_view text) {
  const auto read = parseUsername(text);
  if (!read) return;
  SPHEREGATE_CHECK(validDeviceId(read->deviceId) && (read->moduleId.empty() || validDeviceId(read->moduleId)));
  for (const std::string_view key : {"api-version", "model-id", "auth-chain", ""}) (void)queryValue(read->query, key);

  std::string path{read->deviceId};
  if (!read->moduleId.empty()) path.append("/").append(read->moduleId);
  const std::string written = hubUsername(read->host, path, read->query);
  if (written.size() > kUsernameBytesMax) return;  // the old form is a byte shorter
  const auto again = parseUsername(written);
  SPHEREGATE_CHECK(again && again->host == read->host && again->deviceId == read->deviceId);
  SPHEREGATE_CHECK(again->moduleId == read->moduleId && again->query == read->query);
}

void checkToken(std::string_view text, const SharedAccessKey& key) {
  const auto read = parseSasToken(text);
  if (!read) return;
  (void)signedBy(*read, key);
  const std::string written = "SharedAccessSignature skn=" + percentEncode(read->policy) +
                              "&se=" + std::to_string(read->expires) + "&sig=" + percentEncode(read->signature) +
                              "&sr=" + read->resource;
  const auto again = parseSasToken(written);
  SPHEREGATE_CHECK(again && again->resource == read->resource && again->signature == read->signature);
  SPHEREGATE_CHECK(again->expires == read->expires && again->policy == read->policy);

  const std::string resource = audience(*read);
  const auto made = parseSasToken(makeSasToken(key, resource, read->expires, read->policy));
  SPHEREGATE_CHECK(made && signedBy(*made, key) && made->policy == read->policy);
  if (resource.find('%') == std::string::npos) SPHEREGATE_CHECK(audience(*made) == resource);
}

}  // namespace
}  // namespace spheregate::hub

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace spheregate;
  static const auto key = hub::SharedAccessKey::fromBase64("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=");
  const std::string_view text = base::asText({data, size});
  hub::checkUsername(text);
  hub::checkToken(text, *key);
  const auto peer = hub::SharedAccessKey::fromBase64(text);
  if (peer) SPHEREGATE_CHECK(peer->sign("text").size() == key->sign("text").size());
  return 0;
}
