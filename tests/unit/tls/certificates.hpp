#pragma once

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

#include "openssl.hpp"

// Certificates made on the spot, each test binary its own.
namespace spheregate::tls::test {

struct Identity {
  x509::CertificateHandle certificate;
  x509::PrivateKeyHandle key;
};

struct Wanted {
  std::vector<std::string> commonNames;
  std::string subjectAltName;  // in OpenSSL's notation: DNS:a,IP:127.0.0.1
  bool ca = false;
  std::chrono::hours lasts{24 * 365};
};

// Self-signed without an issuer. P-256.
Identity make(const Wanted& wanted, const Identity* issuer = nullptr);

// A directory that is removed with its contents.
class Directory {
 public:
  Directory();
  ~Directory();
  Directory(const Directory&) = delete;
  Directory& operator=(const Directory&) = delete;

  std::filesystem::path write(const std::string& name, const std::vector<const Identity*>& certificates) const;
  std::filesystem::path writeKey(const std::string& name, const Identity& identity) const;
  std::filesystem::path writeText(const std::string& name, const std::string& text) const;
  std::filesystem::path path(const std::string& name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

}  // namespace spheregate::tls::test
