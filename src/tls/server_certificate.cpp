#include "server_certificate.hpp"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <cerrno>
#include <string>
#include <system_error>
#include <utility>

#include "private_key.hpp"
#include "spheregate/tls/verdict.hpp"
#include "spheregate/x509/file_content.hpp"

namespace spheregate::tls {
namespace {

using Certificates = std::vector<x509::CertificateHandle>;
using Path = std::filesystem::path;

base::Explained<x509::BioHandle> open(const Path& path) {
  if (x509::isPipeOrDevice(path)) {
    return base::failed<x509::BioHandle>(path.string() + " is a pipe, a device or a socket; name a regular file");
  }
  errno = 0;
  x509::BioHandle file{BIO_new_file(path.c_str(), "r")};
  const int problem = errno;
  ERR_clear_error();
  if (file) return file;
  return base::failed<x509::BioHandle>("cannot open " + path.string() + ": " + std::system_category().message(problem) +
                           "; check the path and that the user of the gateway may read it");
}

base::Explained<Certificates> readCertificates(const Path& path) {
  const auto file = open(path);
  if (!file) return base::failed<Certificates>(file.error());
  Certificates all;
  while (x509::CertificateHandle next{PEM_read_bio_X509(file->get(), nullptr, nullptr, nullptr)}) all.push_back(std::move(next));
  const bool atEnd = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  const std::string problem = takeError();
  if (!atEnd) {
    return base::failed<Certificates>("certificate " + std::to_string(all.size() + 1) + " in " + path.string() +
                                      " is damaged: " + problem + "; write the file anew");
  }
  if (all.empty()) {
    return base::failed<Certificates>(path.string() +
                                      " holds no certificate; it must be PEM, the gateway's certificate first, then its issuers");
  }
  return all;
}

std::string nameOf(X509& certificate) { return "`CN=" + certificateFacts(certificate).commonName + "`"; }

// Empty when the key belongs to the first certificate.
std::string keyProblem(const Certificates& all, const x509::PrivateKeyHandle& key, const Path& certificatePath, const std::string& keyPath) {
  std::size_t owner = 0;
  while (owner < all.size() && X509_check_private_key(all[owner].get(), key.get()) != 1) ++owner;
  ERR_clear_error();
  if (owner == 0) return {};
  if (owner == all.size()) {
    return "the private key in " + keyPath + " does not belong to the certificate in " + certificatePath.string() +
           "; give the key that the certificate was made with";
  }
  return "the private key in " + keyPath + " belongs to certificate " + std::to_string(owner + 1) + " in " +
         certificatePath.string() + ", " + nameOf(*all[owner]) + "; put that one first";
}

// Devices want every certificate to be followed by its issuer, and tools do not always write them so.
base::Explained<Certificates> inOrder(Certificates all, const Path& path) {
  Certificates chain;
  chain.push_back(std::move(all.front()));
  all.erase(all.begin());
  while (!all.empty()) {
    auto issuer = all.begin();
    while (issuer != all.end() && X509_check_issued(issuer->get(), chain.back().get()) != X509_V_OK) ++issuer;
    if (issuer == all.end()) {
      return base::failed<Certificates>("in " + path.string() + ", " + nameOf(*all.front()) + " did not issue " +
                                        nameOf(*chain.back()) +
                                        " or another certificate before it; keep only the gateway's certificate and its issuers");
    }
    chain.push_back(std::move(*issuer));
    all.erase(issuer);
  }
  return chain;
}

}  // namespace

base::Explained<ServerCertificate> readServerCertificate(const Path& certificate, const std::string& privateKey) {
  auto all = readCertificates(certificate);
  if (!all) return base::failed<ServerCertificate>(all.error());
  auto key = readPrivateKey(privateKey);
  if (!key) return base::failed<ServerCertificate>(key.error());
  std::string problem = keyProblem(*all, *key, certificate, privateKey);
  if (!problem.empty()) return base::failed<ServerCertificate>(std::move(problem));
  auto chain = inOrder(std::move(*all), certificate);
  if (!chain) return base::failed<ServerCertificate>(chain.error());
  return ServerCertificate{.chain = std::move(*chain), .key = std::move(*key)};
}

}  // namespace spheregate::tls
