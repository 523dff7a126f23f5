#include "spheregate/x509/crl_file.hpp"

#include <openssl/pem.h>

#include <utility>

#include "spheregate/x509/file_content.hpp"

namespace spheregate::x509 {
namespace {

using Crls = std::vector<CrlHandle>;

constexpr const char* kFetch = "fetch it again from whoever issues the list";

CrlHandle crlFrom(const unsigned char* der, long size) {
  const unsigned char* at = der;
  CrlHandle crl{d2i_X509_CRL(nullptr, &at, size)};
  if (at != der + size) return nullptr;
  return crl;
}

struct FreeBlock {
  void operator()(void* part) const { OPENSSL_free(part); }
};

base::Explained<Crls> fromPem(std::string_view text) {
  const BioHandle bio{BIO_new_mem_buf(text.data(), static_cast<int>(text.size()))};
  Crls crls;
  for (std::size_t number = 1;; ++number) {
    char* label = nullptr;
    char* header = nullptr;
    unsigned char* data = nullptr;
    long size = 0;
    const bool read = PEM_read_bio(bio.get(), &label, &header, &data, &size) == 1;
    const std::unique_ptr<char, FreeBlock> ownLabel{label};
    const std::unique_ptr<char, FreeBlock> ownHeader{header};
    const std::unique_ptr<unsigned char, FreeBlock> ownData{data};
    if (!read && ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE) break;
    const std::string block = "block " + std::to_string(number);
    if (!read) return base::failed<Crls>(block + " is damaged; " + kFetch);
    if (std::string_view{label} != PEM_STRING_X509_CRL) {
      return base::failed<Crls>(block + " is a " + label + ", not an X509 CRL; leave only revocation lists in it");
    }
    CrlHandle crl = crlFrom(data, size);
    if (!crl) return base::failed<Crls>(block + " is damaged; " + kFetch);
    crls.push_back(std::move(crl));
  }
  if (crls.empty()) return base::failed<Crls>(std::string{"its PEM text holds no revocation list; "} + kFetch);
  return crls;
}

}  // namespace

base::Explained<Crls> crlsIn(std::string_view content) {
  const ErrorQueueMark mark;
  if (content.empty()) return base::failed<Crls>(std::string{"is empty; "} + kFetch);
  if (content.find("-----BEGIN ") != std::string_view::npos) return fromPem(content);
  CrlHandle crl = crlFrom(reinterpret_cast<const unsigned char*>(content.data()), static_cast<long>(content.size()));
  if (!crl) return base::failed<Crls>(std::string{"is not a revocation list in PEM or DER form, or it is damaged; "} + kFetch);
  Crls crls;
  crls.push_back(std::move(crl));
  return crls;
}

base::Explained<Crls> readCrls(const std::filesystem::path& file) {
  const base::Explained<std::string> content = fileContent(file);
  if (!content) return base::failed<Crls>(content.error());
  base::Explained<Crls> crls = crlsIn(*content);
  if (!crls) return base::failed<Crls>(file.string() + ": " + crls.error());
  return crls;
}

}  // namespace spheregate::x509
