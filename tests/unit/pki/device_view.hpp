#pragma once

#include <openssl/x509v3.h>

#include <string>

#include "spheregate/base/clock.hpp"
#include "spheregate/x509/certificate_file.hpp"
#include "spheregate/x509/handles.hpp"

namespace spheregate::pki {

// What a device that trusts these roots says of a server that shows this chain, both in PEM form: empty when it connects.
// `dialled` is a name or an address.
inline std::string deviceSays(const std::string& trusted, const std::string& chain, const std::string& dialled,
                              base::WallTime now) {
  const auto roots = x509::certificatesOfAnyKind(trusted);
  const auto shown = x509::certificatesOfAnyKind(chain);
  if (!roots || !shown) return "a file cannot be read";
  const x509::StoreHandle store{X509_STORE_new()};
  for (const auto& root : *roots) X509_STORE_add_cert(store.get(), root.get());
  STACK_OF(X509)* others = sk_X509_new_null();
  for (std::size_t at = 1; at < shown->size(); ++at) sk_X509_push(others, (*shown)[at].get());
  const x509::StoreContextHandle context{X509_STORE_CTX_new()};
  X509_STORE_CTX_init(context.get(), store.get(), shown->front().get(), others);
  X509_VERIFY_PARAM* rules = X509_STORE_CTX_get0_param(context.get());
  X509_VERIFY_PARAM_set_purpose(rules, X509_PURPOSE_SSL_SERVER);
  X509_VERIFY_PARAM_set_auth_level(rules, 2);
  // Stricter than devices are: what passes here passes anywhere.
  X509_VERIFY_PARAM_set_flags(rules, X509_V_FLAG_X509_STRICT | X509_V_FLAG_CHECK_SS_SIGNATURE);
  X509_VERIFY_PARAM_set_time(rules, std::chrono::system_clock::to_time_t(now));
  const bool verified = X509_verify_cert(context.get()) == 1;
  const std::string why = X509_verify_cert_error_string(X509_STORE_CTX_get_error(context.get()));
  sk_X509_free(others);
  if (!verified) return why;
  X509& leaf = *shown->front();
  const bool named = X509_check_host(&leaf, dialled.c_str(), dialled.size(), 0, nullptr) == 1 ||
                     X509_check_ip_asc(&leaf, dialled.c_str(), 0) == 1;
  return named ? "" : "it is not for " + dialled;
}

}  // namespace spheregate::pki
