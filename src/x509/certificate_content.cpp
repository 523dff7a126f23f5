#include "certificate_content.hpp"

#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/pkcs7.h>

#include <algorithm>
#include <cctype>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace spheregate::x509 {
namespace {

using Certificates = std::vector<CertificateHandle>;
using ContainerHandle = std::unique_ptr<PKCS7, Release<PKCS7_free>>;

constexpr const char* kDownload = "download the tenant CA again with `az sphere ca-certificate download`";
constexpr const char* kUnpack =
    "is a PKCS#7 container (.p7b); import it with `spheregate tenant add FILE`, which picks the tenant's own CA";
constexpr const char* kSecret = "holds a private key; put only the CA's certificate here, the gateway never needs its key";
constexpr const char* kPfx =
    "is a PKCS#12 container (.pfx, .p12), which is made for private keys; export only the CA's certificate, in PEM or DER form";
constexpr const char* kRequest =
    "is a certificate request (CSR), which nobody has signed yet; give the certificate that was issued for it";
constexpr const char* kRevocations = "is a revocation list (CRL), not a certificate; give the CA's certificate here";

template <class Object, auto parse, auto release>
bool parsesAs(std::string_view der) {
  const auto* at = reinterpret_cast<const unsigned char*>(der.data());
  const std::unique_ptr<Object, Release<release>> object{parse(nullptr, &at, static_cast<long>(der.size()))};
  return object != nullptr;
}

CertificateHandle certificateFrom(std::string_view der) {
  const auto* at = reinterpret_cast<const unsigned char*>(der.data());
  const auto* end = at + der.size();
  CertificateHandle certificate{d2i_X509(nullptr, &at, static_cast<long>(der.size()))};
  if (at != end) return nullptr;
  return certificate;
}

ContainerHandle containerFrom(std::string_view der) {
  const auto* at = reinterpret_cast<const unsigned char*>(der.data());
  return ContainerHandle{d2i_PKCS7(nullptr, &at, static_cast<long>(der.size()))};
}

base::Explained<Certificates> unpacked(const PKCS7& container) {
  if (OBJ_obj2nid(container.type) != NID_pkcs7_signed || container.d.sign == nullptr) {
    return base::failed<Certificates>(
        "is a PKCS#7 container of another kind than the one for certificates; export them as .p7b again");
  }
  const STACK_OF(X509)* all = container.d.sign->cert;
  Certificates certificates;
  for (int index = 0; index < sk_X509_num(all); ++index) {
    X509* one = sk_X509_value(all, index);
    X509_up_ref(one);
    certificates.emplace_back(one);
  }
  if (certificates.empty())
    return base::failed<Certificates>(std::string{"is a PKCS#7 container without certificates; "} + kDownload);
  return certificates;
}

bool isWebPage(std::string_view text) {
  std::string begin{text.substr(0, 1024)};
  std::transform(begin.begin(), begin.end(), begin.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return begin.find("<html") != std::string::npos || begin.find("<!doctype") != std::string::npos;
}

// With its mark in front, or without it, as some tools save it: every second byte of ASCII is zero.
bool isUtf16(std::string_view text) {
  using namespace std::string_view_literals;
  return text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF") ||
         text.substr(0, 1024).find("-\0-\0-"sv) != std::string_view::npos;
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

// The certificates of one block; the error is without its number.
base::Explained<Certificates> fromBlock(const PemBlock& block, Container container) {
  constexpr const char* cms = "CMS";
  if (block.label == PEM_STRING_PKCS7 || block.label == cms) {
    if (container == Container::refused) return base::failed<Certificates>(kUnpack);
    if (const ContainerHandle opened = containerFrom(block.der)) return unpacked(*opened);
    return base::failed<Certificates>(std::string{"is damaged; "} + kDownload);
  }
  if (block.label == PEM_STRING_X509_REQ || block.label == PEM_STRING_X509_REQ_OLD) return base::failed<Certificates>(kRequest);
  if (block.label == PEM_STRING_X509_CRL) return base::failed<Certificates>(kRevocations);
  const bool labelled = block.label == PEM_STRING_X509 || block.label == PEM_STRING_X509_OLD;
  if (!labelled && !block.label.empty()) {
    return base::failed<Certificates>("is a " + block.label + ", not a certificate; leave only CA certificates in it");
  }
  Certificates certificates;
  if (CertificateHandle certificate = labelled ? certificateFrom(block.der) : nullptr) {
    certificates.push_back(std::move(certificate));
    return certificates;
  }
  return base::failed<Certificates>(std::string{"is damaged; "} + kDownload);
}

base::Explained<Certificates> fromPem(std::string_view text, Container container) {
  if (text.find("PRIVATE KEY-----") != std::string_view::npos) return base::failed<Certificates>(kSecret);
  const BioHandle bio{BIO_new_mem_buf(text.data(), static_cast<int>(text.size()))};
  Certificates certificates;
  for (std::size_t number = 1;; ++number) {
    const std::optional<PemBlock> block = nextBlock(*bio);
    if (!block) break;
    base::Explained<Certificates> some = fromBlock(*block, container);
    if (!some && some.error() == kUnpack) return some;
    if (!some) return base::failed<Certificates>("block " + std::to_string(number) + " " + some.error());
    std::move(some->begin(), some->end(), std::back_inserter(certificates));
  }
  if (certificates.empty()) return base::failed<Certificates>(std::string{"its PEM text holds no certificate; "} + kDownload);
  return certificates;
}

base::Explained<Certificates> fromDer(std::string_view der, Container container) {
  if (CertificateHandle certificate = certificateFrom(der)) {
    Certificates certificates;
    certificates.push_back(std::move(certificate));
    return certificates;
  }
  if (const ContainerHandle opened = containerFrom(der)) {
    if (container == Container::refused) return base::failed<Certificates>(kUnpack);
    return unpacked(*opened);
  }
  if (parsesAs<PKCS12, d2i_PKCS12, PKCS12_free>(der)) return base::failed<Certificates>(kPfx);
  if (parsesAs<X509_REQ, d2i_X509_REQ, X509_REQ_free>(der)) return base::failed<Certificates>(kRequest);
  if (parsesAs<X509_CRL, d2i_X509_CRL, X509_CRL_free>(der)) return base::failed<Certificates>(kRevocations);
  if (parsesAs<EVP_PKEY, d2i_AutoPrivateKey, EVP_PKEY_free>(der)) return base::failed<Certificates>(kSecret);
  return base::failed<Certificates>(std::string{"is a damaged DER file, or something else in DER form; "} + kDownload);
}

}  // namespace

base::Explained<std::vector<CertificateHandle>> certificatesOf(std::string_view content, Container container) {
  constexpr std::string_view byteOrderMark = "\xEF\xBB\xBF";
  constexpr char derSequence = 0x30;
  if (content.starts_with(byteOrderMark)) content.remove_prefix(byteOrderMark.size());
  if (content.empty()) return base::failed<Certificates>(std::string{"is empty; "} + kDownload);
  if (content.find("-----BEGIN ") != std::string_view::npos) return fromPem(content, container);
  if (content.front() == derSequence) return fromDer(content, container);
  if (isWebPage(content)) {
    return base::failed<Certificates>(std::string{"is a web page, perhaps a sign-in or error page; "} + kDownload);
  }
  if (isUtf16(content)) {
    return base::failed<Certificates>("is UTF-16 text; save it as plain ASCII, or use the .cer file as it was downloaded");
  }
  return base::failed<Certificates>(std::string{"is neither a PEM nor a DER file; "} + kDownload);
}

}  // namespace spheregate::x509
