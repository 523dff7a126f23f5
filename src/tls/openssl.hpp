#pragma once

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <memory>
#include <string>

namespace spheregate::tls {

// Frees an OpenSSL object with the function that belongs to its type.
template <auto free>
struct Frees {
  template <class Object>
  void operator()(Object* object) const {
    free(object);
  }
};

using Ssl = std::unique_ptr<SSL, Frees<SSL_free>>;
using SslContext = std::unique_ptr<SSL_CTX, Frees<SSL_CTX_free>>;
using Certificate = std::unique_ptr<X509, Frees<X509_free>>;
using PrivateKey = std::unique_ptr<EVP_PKEY, Frees<EVP_PKEY_free>>;
using Bio = std::unique_ptr<BIO, Frees<BIO_free_all>>;

// The first thing OpenSSL complained about on this thread, in its words, and nothing left in its queue.
std::string takeError();

// What a call that is judged by SSL_get_error came to. The queue of errors is emptied.
struct Outcome {
  int error = SSL_ERROR_NONE;  // SSL_ERROR_…
  unsigned long code = 0;      // of the error queue, for SSL_ERROR_SSL
  int system = 0;              // errno, for SSL_ERROR_SYSCALL

  bool wants() const { return error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE; }
  // The peer is gone: said goodbye, closed the socket in the middle, or the network did it.
  bool ended() const;
  // A sentence's end: `closed by the peer`, `Connection reset by peer`, `wrong version number`.
  std::string text() const;
};

// Right after the call; `ERR_clear_error` must have run right before it.
Outcome outcomeOf(const SSL& ssl, int result);

}  // namespace spheregate::tls
