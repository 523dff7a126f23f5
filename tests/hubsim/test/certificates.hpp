#pragma once

#include <openssl/x509.h>

#include <filesystem>
#include <memory>
#include <string>

namespace spheregate::hubsim {

// A P-256 key and its certificate.
struct Credential {
  std::shared_ptr<EVP_PKEY> key;
  std::shared_ptr<X509> certificate;
};

// Signed by `issuer`, or by itself when there is none.
Credential makeCredential(const std::string& commonName, const Credential* issuer = nullptr);

// A directory of its own that goes with it.
class TemporaryDirectory {
 public:
  TemporaryDirectory();
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  ~TemporaryDirectory();

  std::string writeCertificate(const std::string& name, const Credential& credential) const;
  std::string writeKey(const std::string& name, const Credential& credential) const;
  std::string path(const std::string& name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

}  // namespace spheregate::hubsim
