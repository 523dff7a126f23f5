#include "server_name.hpp"

#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <memory>

#include "spheregate/base/log.hpp"

namespace spheregate::app {
namespace {

struct Free {
  void operator()(BIO* file) const { BIO_free(file); }
  void operator()(X509* certificate) const { X509_free(certificate); }
};

bool covers(X509& certificate, const std::string& name) {
  return X509_check_host(&certificate, name.c_str(), name.size(), 0, nullptr) == 1 ||
         X509_check_ip_asc(&certificate, name.c_str(), 0) == 1;
}

}  // namespace

void checkServerName(const std::filesystem::path& certificate, const std::string& hostname) {
  const std::unique_ptr<BIO, Free> file{BIO_new_file(certificate.c_str(), "r")};
  const std::unique_ptr<X509, Free> leaf{file ? PEM_read_bio_X509(file.get(), nullptr, nullptr, nullptr) : nullptr};
  // The listener, which needs the file, says what is wrong with it.
  if (!leaf || covers(*leaf, hostname)) return;
  base::logWarn(
      "server certificate does not cover the hostname",
      {{"hostname", hostname},
       {"file", certificate.string()},
       {"fix", "put the name that devices dial into hostname, and get a certificate with it as subject alternative name"}});
}

}  // namespace spheregate::app
