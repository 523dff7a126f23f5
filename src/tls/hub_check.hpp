#pragma once

#include <string>

#include "openssl.hpp"
#include "spheregate/base/result.hpp"

namespace spheregate::tls {

// What is demanded of a hub's certificate, and why it did not do. Made for one handshake, which it must outlive.
class HubCheck {
 public:
  explicit HubCheck(std::string host) : host_{std::move(host)} {}
  HubCheck(const HubCheck&) = delete;
  HubCheck& operator=(const HubCheck&) = delete;

  // Verifies the chain and the host; sends the host along (SNI) when it is a name and not an address.
  base::Explained<Ssl> makeSsl(SSL_CTX& context);
  // After a good handshake: the SSL forgets the check.
  static void release(SSL& ssl);
  // After a failed handshake: what is wrong with the certificate and what to do, or nothing when that was not the reason.
  std::string problem(const SSL& ssl) const;

 private:
  static int noteIssuer(int good, X509_STORE_CTX* chain);

  std::string host_;
  std::string issuer_;  // of the last certificate of the hub's chain, when verification stopped there
};

}  // namespace spheregate::tls
