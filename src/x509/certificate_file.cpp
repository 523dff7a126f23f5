#include "spheregate/x509/certificate_file.hpp"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/pkcs7.h>

#include <algorithm>
#include <cctype>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "spheregate/x509/file_content.hpp"

namespace spheregate::x509 {
namespace {

using Certificates = std::vector<CertificateHandle>;

constexpr const char* kDownload = "download the tenant CA again with `az sphere ca-certificate download`";
constexpr const char* kUnpack =
    "is a PKCS#7 container (.p7b); take the certificates out with `openssl pkcs7 -print_certs` and keep the tenant's own CA";
constexpr const char* kSecret = "holds a private key; put only the CA's certificate here, the gateway never needs its key";

CertificateHandle certificateFrom(std::string_view der) {
  const auto* at = reinterpret_cast<const unsigned char*>(der.data());
  const auto* end = at + der.size();
  CertificateHandle certificate{d2i_X509(nullptr, &at, static_cast<long>(der.size()))};
  if (at != end) return nullptr;
  return certificate;
}

bool isContainer(std::string_view der) {
  const auto* at = reinterpret_cast<const unsigned char*>(der.data());
  const std::unique_ptr<PKCS7, Release<PKCS7_free>> container{d2i_PKCS7(nullptr, &at, static_cast<long>(der.size()))};
  return container != nullptr;
}

bool isPrivateKey(std::string_view der) {
  const auto* at = reinterpret_cast<const unsigned char*>(der.data());
  const std::unique_ptr<EVP_PKEY, Release<EVP_PKEY_free>> key{d2i_AutoPrivateKey(nullptr, &at, static_cast<long>(der.size()))};
  return key != nullptr;
}

bool isWebPage(std::string_view text) {
  std::string begin{text.substr(0, 1024)};
  std::transform(begin.begin(), begin.end(), begin.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return begin.find("<html") != std::string::npos || begin.find("<!doctype") != std::string::npos;
}

struct PemBlock {
  std::string label;
  std::string der;
};

// The next block; nothing at the end of the text. A block that is damaged has an empty label.
std::optional<PemBlock> nextBlock(BIO& bio) {
  char* label = nullptr;
  char* header = nullptr;
  unsigned char* data = nullptr;
  long length = 0;
  if (PEM_read_bio(&bio, &label, &header, &data, &length) != 1) {
    if (ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE) return std::nullopt;
    return PemBlock{};
  }
  PemBlock block{label, std::string(reinterpret_cast<char*>(data), static_cast<std::size_t>(length))};
  OPENSSL_free(label);
  OPENSSL_free(header);
  OPENSSL_free(data);
  return block;
}

base::Explained<Certificates> fromPem(std::string_view text) {
  if (text.find("PRIVATE KEY-----") != std::string_view::npos) return base::failed<Certificates>(kSecret);
  const BioHandle bio{BIO_new_mem_buf(text.data(), static_cast<int>(text.size()))};
  Certificates certificates;
  for (std::size_t number = 1;; ++number) {
    std::optional<PemBlock> block = nextBlock(*bio);
    if (!block) break;
    if (block->label == PEM_STRING_PKCS7) return base::failed<Certificates>(kUnpack);
    const bool labelled = block->label == PEM_STRING_X509 || block->label == PEM_STRING_X509_OLD;
    if (!labelled && !block->label.empty()) {
      return base::failed<Certificates>("block " + std::to_string(number) + " is a " + block->label +
                                        ", not a certificate; leave only CA certificates in it");
    }
    CertificateHandle certificate = labelled ? certificateFrom(block->der) : nullptr;
    if (!certificate) return base::failed<Certificates>("block " + std::to_string(number) + " is damaged; " + kDownload);
    certificates.push_back(std::move(certificate));
  }
  if (certificates.empty()) return base::failed<Certificates>(std::string{"its PEM text holds no certificate; "} + kDownload);
  return certificates;
}

base::Explained<Certificates> fromDer(std::string_view der) {
  if (CertificateHandle certificate = certificateFrom(der)) {
    Certificates certificates;
    certificates.push_back(std::move(certificate));
    return certificates;
  }
  if (isContainer(der)) return base::failed<Certificates>(kUnpack);
  if (isPrivateKey(der)) return base::failed<Certificates>(kSecret);
  return base::failed<Certificates>(std::string{"is a damaged DER file, or something else in DER form; "} + kDownload);
}

base::Explained<Certificates> fromContent(std::string_view content) {
  constexpr std::string_view byteOrderMark = "\xEF\xBB\xBF";
  constexpr char derSequence = 0x30;
  if (content.starts_with(byteOrderMark)) content.remove_prefix(byteOrderMark.size());
  if (content.empty()) return base::failed<Certificates>(std::string{"is empty; "} + kDownload);
  if (content.find("-----BEGIN ") != std::string_view::npos) return fromPem(content);
  if (content.front() == derSequence) return fromDer(content);
  if (isWebPage(content)) {
    return base::failed<Certificates>(std::string{"is a web page, perhaps a sign-in or error page; "} + kDownload);
  }
  if (content.starts_with("\xFF\xFE") || content.starts_with("\xFE\xFF")) {
    return base::failed<Certificates>("is UTF-16 text; save it as plain ASCII, or use the .cer file as it was downloaded");
  }
  return base::failed<Certificates>(std::string{"is neither a PEM nor a DER file; "} + kDownload);
}

}  // namespace

base::Explained<std::vector<CertificateHandle>> readCertificates(const std::filesystem::path& file) {
  const ErrorQueueMark mark;
  const base::Explained<std::string> content = fileContent(file);
  if (!content) return base::failed<Certificates>(content.error());
  base::Explained<Certificates> certificates = fromContent(*content);
  if (!certificates) return base::failed<Certificates>(file.string() + ": " + certificates.error());
  return certificates;
}

}  // namespace spheregate::x509
