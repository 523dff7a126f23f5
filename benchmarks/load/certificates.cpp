#include "certificates.hpp"

#include <openssl/err.h>
#include <openssl/pem.h>

#include <cstdio>
#include <fstream>
#include <iterator>
#include <stdexcept>

namespace spheregate::load {
namespace {

std::string contentOf(const std::filesystem::path& path) {
  std::ifstream file{path, std::ios::binary};
  if (!file) throw std::runtime_error{"cannot read " + path.string() + "; make the certificates with spheregate-testpki"};
  return {std::istreambuf_iterator<char>{file}, {}};
}

std::unique_ptr<BIO, decltype(&BIO_free)> reader(const std::string& text) {
  return {BIO_new_mem_buf(text.data(), static_cast<int>(text.size())), &BIO_free};
}

std::string fileName(std::size_t device) {
  std::string number = std::to_string(device);
  return std::string(number.size() < 3 ? 3 - number.size() : 0, '0') + number;
}

}  // namespace

DeviceCertificates::DeviceCertificates(const std::filesystem::path& pki, std::size_t count)
    : context_{SSL_CTX_new(TLS_client_method())} {
  makeCheap(context_.get());
  const std::filesystem::path folder = pki / "devices";
  std::ifstream ids{folder / "ids.txt"};
  for (std::string id; devices_.size() < count && ids >> id;) {
    const std::string name = fileName(devices_.size());
    Entry entry{id, {}, nullptr};
    const std::string chain = contentOf(folder / (name + ".pem"));
    const auto certificates = reader(chain);
    while (X509* certificate = PEM_read_bio_X509(certificates.get(), nullptr, nullptr, nullptr))
      entry.chain.emplace_back(certificate);
    const std::string keyText = contentOf(folder / (name + ".key"));
    auto& key = keys_[keyText];
    if (!key) key.reset(PEM_read_bio_PrivateKey(reader(keyText).get(), nullptr, nullptr, nullptr));
    entry.key = key.get();
    if (entry.chain.empty() || !entry.key)
      throw std::runtime_error{"no certificate or key in " + (folder / name).string() + ".*"};
    devices_.push_back(std::move(entry));
  }
  ERR_clear_error();
  if (devices_.size() < count)
    throw std::runtime_error{folder.string() + " has only " + std::to_string(devices_.size()) + " devices, " +
                             std::to_string(count) + " are needed"};
}

SslPointer DeviceCertificates::open(std::size_t device) const {
  const Entry& entry = devices_[device];
  SslPointer ssl{SSL_new(context_.get())};
  SSL_use_certificate(ssl.get(), entry.chain.front().get());
  for (std::size_t index = 1; index < entry.chain.size(); ++index) SSL_add1_chain_cert(ssl.get(), entry.chain[index].get());
  if (SSL_use_PrivateKey(ssl.get(), entry.key) != 1)
    throw std::runtime_error{tlsProblem("key of device " + std::to_string(device))};
  return ssl;
}

SslContextPointer hubContext(const std::filesystem::path& pki) {
  SslContextPointer context{SSL_CTX_new(TLS_server_method())};
  makeCheap(context.get());
  if (SSL_CTX_use_certificate_chain_file(context.get(), (pki / "hub.pem").c_str()) != 1 ||
      SSL_CTX_use_PrivateKey_file(context.get(), (pki / "hub.key").c_str(), SSL_FILETYPE_PEM) != 1)
    throw std::runtime_error{tlsProblem("cannot use hub.pem and hub.key in " + pki.string())};
  return context;
}

}  // namespace spheregate::load
