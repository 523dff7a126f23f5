#include "private_key.hpp"

#include <openssl/err.h>
#include <openssl/pem.h>

#include <cerrno>
#include <chrono>
#include <string_view>
#include <system_error>
#include <vector>

#include "spheregate/base/log.hpp"
#include "spheregate/base/secret_file.hpp"
#include "spheregate/x509/file_content.hpp"

namespace spheregate::tls {
namespace {

using Key = x509::PrivateKeyHandle;
using Digest = std::unique_ptr<EVP_MD_CTX, x509::Release<EVP_MD_CTX_free>>;

// Never asks a terminal for a password.
int noPassword(char*, int, int, void*) { return -1; }

base::Explained<Key> keyInFile(const std::string& path) {
  if (x509::isPipeOrDevice(path)) return base::failed<Key>(path + " is a pipe, a device or a socket; name a regular file");
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

std::string placeOf(const KeyName& name) { return name.place == KeyName::Place::tpm ? "TPM" : "PKCS#11"; }

// Signs once, because a token shows what it is not ready to use, and because its owner should know how long that takes: all devices
// wait meanwhile.
base::Explained<Key> tried(Key key, const KeyName& name) {
  constexpr std::string_view words = "a signature that nobody needs";
  const Digest digest{EVP_MD_CTX_new()};
  std::vector<unsigned char> signature(static_cast<std::size_t>(EVP_PKEY_get_size(key.get())));
  std::size_t size = signature.size();
  ERR_clear_error();
  const auto begin = std::chrono::steady_clock::now();
  const bool signs = EVP_DigestSignInit_ex(digest.get(), nullptr, "SHA256", nullptr, nullptr, key.get(), nullptr) == 1 &&
                     EVP_DigestSign(digest.get(), signature.data(), &size, reinterpret_cast<const unsigned char*>(words.data()),
                                    words.size()) == 1;
  const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - begin;
  if (!signs) {
    return base::failed<Key>("the key " + name.address + " is there and does not sign (" + takeError() +
                             "); check that it is a signing key and that its policy lets the gateway use it");
  }
  base::logInfo("server key in a token", {{"token", placeOf(name)}, {"key", name.address}, {"signature_ms", took.count()}});
  return key;
}

}  // namespace

base::Explained<Key> readPrivateKey(const std::string& text) {
  const auto name = keyName(text);
  if (!name) return base::failed<Key>(name.error());
  if (name->place == KeyName::Place::file) return keyInFile(name->address);
  std::string pin;
  if (!name->pinFile.empty()) {
    auto read = base::secretIn(name->pinFile, "pin-source " + name->pinFile.string(), "the PIN");
    if (!read) return base::failed<Key>(read.error());
    pin = std::move(*read);
  }
  auto key = name->place == KeyName::Place::pkcs11 ? pkcs11Key(*name, pin) : tpmKey(*name, pin);
  if (!key) return key;
  return tried(std::move(*key), *name);
}

}  // namespace spheregate::tls
