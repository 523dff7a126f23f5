#pragma once

#include <openssl/ssl.h>

#include <cstddef>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tls_stream.hpp"

namespace spheregate::load {

// The devices of a test PKI: devices/ids.txt, and devices/NNN.pem and NNN.key for each. A key that several devices share is kept
// once.
class DeviceCertificates {
 public:
  DeviceCertificates(const std::filesystem::path& pki, std::size_t count);

  std::size_t count() const { return devices_.size(); }
  const std::string& id(std::size_t device) const { return devices_[device].id; }
  // A client's end for one device. The gateway's certificate is not verified: that costs the generator and tells nothing of the
  // peer.
  SslPointer open(std::size_t device) const;

 private:
  struct Deleter {
    void operator()(X509* certificate) const { X509_free(certificate); }
    void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  };
  struct Entry {
    std::string id;
    std::vector<std::unique_ptr<X509, Deleter>> chain;  // leaf first
    EVP_PKEY* key = nullptr;
  };

  SslContextPointer context_;
  std::map<std::string, std::unique_ptr<EVP_PKEY, Deleter>> keys_;
  std::vector<Entry> devices_;
};

// The hub's end: hub.pem and hub.key, no certificate asked of the peer.
SslContextPointer hubContext(const std::filesystem::path& pki);

}  // namespace spheregate::load
