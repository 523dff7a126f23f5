#pragma once

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <memory>
#include <string>

#include "spheregate/x509/handles.hpp"

namespace spheregate::tls {

using Ssl = std::unique_ptr<SSL, x509::Release<SSL_free>>;
using SslContext = std::unique_ptr<SSL_CTX, x509::Release<SSL_CTX_free>>;

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
