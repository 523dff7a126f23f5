#pragma once

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>

#include <memory>

namespace spheregate::identity {

template <auto release>
struct Release {
  template <class Object>
  void operator()(Object* object) const {
    release(object);
  }
};

using CertificateHandle = std::unique_ptr<X509, Release<X509_free>>;
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

}  // namespace spheregate::identity
