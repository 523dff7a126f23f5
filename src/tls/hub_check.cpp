#include "hub_check.hpp"

#include <openssl/err.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include "spheregate/base/check.hpp"
#include "spheregate/tls/verdict.hpp"

namespace spheregate::tls {

base::Explained<Ssl> HubCheck::makeSsl(SSL_CTX& context) {
  Ssl ssl{SSL_new(&context)};
  SPHEREGATE_CHECK(ssl != nullptr);
  issuer_.clear();
  SSL_set_connect_state(ssl.get());
  SSL_set_app_data(ssl.get(), this);
  SSL_set_verify(ssl.get(), SSL_VERIFY_PEER, &HubCheck::noteIssuer);
  ERR_clear_error();
  if (X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl.get()), host_.c_str()) == 1) return ssl;
  SSL_set_hostflags(ssl.get(), X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  const bool named = SSL_set1_host(ssl.get(), host_.c_str()) == 1 && SSL_set_tlsext_host_name(ssl.get(), host_.c_str()) == 1;
  if (named) return ssl;
  return base::failed<Ssl>("TLS handshake: `" + host_ + "` cannot be a host name: " + takeError());
}

void HubCheck::release(SSL& ssl) {
  SSL_set_verify(&ssl, SSL_VERIFY_PEER, nullptr);
  SSL_set_app_data(&ssl, nullptr);
}

// OpenSSL forgets the chain of a failed handshake, so the name that tells who is in between is taken here.
int HubCheck::noteIssuer(int good, X509_STORE_CTX* chain) {
  X509* last = X509_STORE_CTX_get_current_cert(chain);
  if (good == 1 || last == nullptr) return good;
  auto* ssl = static_cast<SSL*>(X509_STORE_CTX_get_ex_data(chain, SSL_get_ex_data_X509_STORE_CTX_idx()));
  static_cast<HubCheck*>(SSL_get_app_data(ssl))->issuer_ = certificateFacts(*last).issuer;
  return good;
}

std::string HubCheck::problem(const SSL& ssl) const {
  const long verified = SSL_get_verify_result(&ssl);
  if (verified == X509_V_OK) return {};
  const std::string what = std::string{" ("} + X509_verify_cert_error_string(verified) + ")";
  switch (verified) {
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      return what + "; set upstream.hub to a name that the hub's certificate covers";
    case X509_V_ERR_CERT_NOT_YET_VALID:
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return what + "; check the clock of this machine and the hub's certificate";
    default:
      return what + (issuer_.empty() ? "" : ", issued by \"" + issuer_ + "\"") +
             "; if that is the hub's own issuer, set upstream.ca to a file with its root; if this site inspects TLS, exempt the "
             "hub, or set upstream.ca to a file with the inspector's root";
  }
}

}  // namespace spheregate::tls
