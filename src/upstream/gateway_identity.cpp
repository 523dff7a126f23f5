#include "spheregate/upstream/gateway_identity.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <utility>

#include "spheregate/hub/username.hpp"
#include "spheregate/upstream/key_file.hpp"

namespace spheregate::upstream {
namespace {

using Made = base::Explained<std::unique_ptr<GatewayIdentity>>;
using Context = std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)>;

constexpr std::string_view kModule = "$edgeHub";

ControlLogin named(std::string_view hub, const std::string& clientId) {
  ControlLogin login;
  login.clientId = clientId;
  login.username = hub::hubUsername(hub, clientId, hub::kDefaultQuery);
  return login;
}

// A device or a module with a key.
class KeyIdentity final : public GatewayIdentity {
 public:
  // `resource` is what the token is for, not encoded.
  KeyIdentity(std::string hub, std::string deviceId, std::string clientId, std::string resource, hub::SharedAccessKey key,
              std::chrono::seconds life)
      : hub_{std::move(hub)}, deviceId_{std::move(deviceId)}, clientId_{std::move(clientId)}, resource_{std::move(resource)},
        key_{std::move(key)}, life_{life} {}

  std::unique_ptr<LoginRequest> login(base::WallTime now, Done done) override {
    GatewayLogin login{.hub = hub_, .deviceId = deviceId_, .login = named(hub_, clientId_), .expires = now + life_};
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(login.expires.time_since_epoch()).count();
    login.login.password = hub::makeSasToken(key_, resource_, seconds);
    done(std::move(login));
    return nullptr;
  }
  std::string_view remedy() const override {
    return "check that the gateway's own device exists and is enabled in the hub, this machine's clock, and the key of upstream.auth; where "
           "the key is another now, write it to its file, then restart the gateway";
  }

 private:
  std::string hub_;
  std::string deviceId_;
  std::string clientId_;
  std::string resource_;
  hub::SharedAccessKey key_;
  std::chrono::seconds life_;
};

class CertificateIdentity final : public GatewayIdentity {
 public:
  CertificateIdentity(std::string hub, const AuthSettings& settings)
      : hub_{std::move(hub)}, deviceId_{settings.deviceId}, certificate_{settings.certificate}, privateKey_{settings.privateKey} {}

  std::unique_ptr<LoginRequest> login(base::WallTime, Done done) override {
    GatewayLogin login{.hub = hub_, .deviceId = deviceId_, .login = named(hub_, deviceId_)};
    // Paho reads the files at each connection, so a renewed certificate counts from the next on.
    login.login.certificate = certificate_;
    login.login.privateKey = privateKey_;
    done(std::move(login));
    return nullptr;
  }
  std::string_view remedy() const override {
    return "check that the gateway's own device exists and is enabled in the hub, that the hub knows upstream.auth.certificate by its "
           "thumbprint or its CA, and that it has not expired";
  }

 private:
  std::string hub_;
  std::string deviceId_;
  std::filesystem::path certificate_;
  std::filesystem::path privateKey_;
};

// Paho would only say that TLS failed.
std::string pairFault(const std::filesystem::path& certificate, const std::filesystem::path& privateKey) {
  const Context context{SSL_CTX_new(TLS_client_method()), &SSL_CTX_free};
  std::string fault;
  if (SSL_CTX_use_certificate_chain_file(context.get(), certificate.c_str()) != 1) {
    fault = "cannot use " + certificate.string() + " as certificate of the gateway; it must be readable for the daemon, PEM, the leaf first";
  } else if (SSL_CTX_use_PrivateKey_file(context.get(), privateKey.c_str(), SSL_FILETYPE_PEM) != 1) {
    fault = "cannot use " + privateKey.string() + " as key of " + certificate.string() +
            "; it must be readable for the daemon, PEM without a password, and belong to the certificate";
  }
  ERR_clear_error();
  return fault;
}

Made loadKey(const std::filesystem::path& file, std::string_view hub, const AuthSettings& settings, const std::string& deviceId,
             std::string clientId, std::string resource) {
  auto key = readKey(file);
  if (!key) return key.error();
  return std::unique_ptr<GatewayIdentity>{std::make_unique<KeyIdentity>(std::string{hub}, deviceId, std::move(clientId), std::move(resource),
                                                                        std::move(*key), settings.tokenLife)};
}

}  // namespace

Made loadGatewayIdentity(const AuthSettings& settings, std::string_view hub) {
  if (settings.type == AuthType::gatewaySas) {
    return loadKey(settings.keyFile, hub, settings, settings.deviceId, settings.deviceId, std::string{hub} + "/devices/" + settings.deviceId);
  }
  if (settings.type == AuthType::gatewayX509) {
    if (std::string fault = pairFault(settings.certificate, settings.privateKey); !fault.empty()) return fault;
    return std::unique_ptr<GatewayIdentity>{std::make_unique<CertificateIdentity>(std::string{hub}, settings)};
  }
  if (settings.type == AuthType::onBehalfOf) {
    return loadKey(settings.moduleKeyFile, hub, settings, settings.edgeDeviceId, settings.edgeDeviceId + "/" + std::string{kModule},
                   hub::moduleResource(hub, settings.edgeDeviceId, kModule));
  }
  return std::unique_ptr<GatewayIdentity>{};
}

}  // namespace spheregate::upstream
