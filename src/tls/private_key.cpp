#include "private_key.hpp"

#include <openssl/err.h>
#include <openssl/pem.h>

#include <cerrno>
#include <system_error>

#include "secret_file.hpp"

namespace spheregate::tls {
namespace {

using Key = x509::PrivateKeyHandle;

// Never asks a terminal for a password.
int noPassword(char*, int, int, void*) { return -1; }

base::Explained<Key> keyInFile(const std::string& path) {
  errno = 0;
  const x509::BioHandle file{BIO_new_file(path.c_str(), "r")};
  const int problem = errno;
  ERR_clear_error();
  if (!file) {
    return base::failed<Key>("cannot open " + path + ": " + std::system_category().message(problem) +
                             "; check the path and that the user of the gateway may read it");
  }
  Key key{PEM_read_bio_PrivateKey(file.get(), nullptr, noPassword, nullptr)};
  if (key) return key;
  return base::failed<Key>(path + " holds no private key that can be read (" + takeError() + "); it must be PEM and not encrypted");
}

}  // namespace

base::Explained<Key> readPrivateKey(const std::string& text) {
  const auto name = keyName(text);
  if (!name) return base::failed<Key>(name.error());
  if (name->place == KeyName::Place::file) return keyInFile(name->address);
  std::string pin;
  if (!name->pinFile.empty()) {
    auto read = secretIn(name->pinFile, "pin-source " + name->pinFile.string(), "the PIN");
    if (!read) return base::failed<Key>(read.error());
    pin = std::move(*read);
  }
  return name->place == KeyName::Place::pkcs11 ? pkcs11Key(*name, pin) : tpmKey(*name, pin);
}

}  // namespace spheregate::tls
