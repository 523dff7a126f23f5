#pragma once

#include <openssl/ssl.h>

#include <memory>
#include <string>

#include "hubsim/login.hpp"
#include "spheregate/base/result.hpp"

namespace spheregate::hubsim {

// The server side of TLS as IoT Hub has it: its certificate, and an optional request for one of the client, which does not
// fail the handshake but is judged at CONNECT.
class TlsContext {
 public:
  struct Files {
    std::string certificate;  // PEM, leaf first
    std::string key;
    std::string clientCa;  // PEM, any number of CAs; empty: no client certificate is asked for
  };

  // The error names the file.
  static base::Explained<TlsContext> open(const Files& files);

  SSL_CTX* handle() const { return context_.get(); }
  ClientCertificate judge(SSL* finished) const;

 private:
  struct Free {
    void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
    void operator()(X509_STORE* store) const { X509_STORE_free(store); }
  };
  std::unique_ptr<SSL_CTX, Free> context_;
  std::unique_ptr<X509_STORE, Free> clientCas_;
};

}  // namespace spheregate::hubsim
