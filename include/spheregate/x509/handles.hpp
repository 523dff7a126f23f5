#pragma once

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>

#include <memory>

namespace spheregate::x509 {

// Frees an OpenSSL object with the function that belongs to its type.
template <auto release>
struct Release {
  template <class Object>
  void operator()(Object* object) const {
    release(object);
  }
};

using CertificateHandle = std::unique_ptr<X509, Release<X509_free>>;
using PrivateKeyHandle = std::unique_ptr<EVP_PKEY, Release<EVP_PKEY_free>>;
using CrlHandle = std::unique_ptr<X509_CRL, Release<X509_CRL_free>>;
using StoreHandle = std::unique_ptr<X509_STORE, Release<X509_STORE_free>>;
using StoreContextHandle = std::unique_ptr<X509_STORE_CTX, Release<X509_STORE_CTX_free>>;
using BioHandle = std::unique_ptr<BIO, Release<BIO_free>>;

// Takes back what OpenSSL noted in this thread's error queue meanwhile, so that a handshake in progress does not trip over it.
class ErrorQueueMark {
 public:
  ErrorQueueMark() { ERR_set_mark(); }
  ~ErrorQueueMark() { ERR_pop_to_mark(); }
  ErrorQueueMark(const ErrorQueueMark&) = delete;
  ErrorQueueMark& operator=(const ErrorQueueMark&) = delete;
};

}  // namespace spheregate::x509
