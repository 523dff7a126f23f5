#include <openssl/asn1.h>
#include <openssl/bn.h>
#include <openssl/evp.h>

#include <array>
#include <ctime>
#include <string_view>

#include "openssl.hpp"
#include "printable.hpp"
#include "spheregate/base/bytes.hpp"
#include "spheregate/tls/verdict.hpp"

namespace spheregate::tls {
namespace {

using Number = std::unique_ptr<BIGNUM, x509::Release<BN_free>>;

std::string hex(base::ByteView bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (const std::uint8_t byte : bytes) {
    text += digits[byte >> 4];
    text += digits[byte & 15];
  }
  return text;
}

std::string textOf(const ASN1_STRING& value) {
  unsigned char* utf8 = nullptr;
  const int size = ASN1_STRING_to_UTF8(&utf8, &value);
  if (size < 0) {
    return printable(
        {reinterpret_cast<const char*>(ASN1_STRING_get0_data(&value)), static_cast<std::size_t>(ASN1_STRING_length(&value))},
        false);
  }
  const std::string text = printable({reinterpret_cast<const char*>(utf8), static_cast<std::size_t>(size)}, true);
  OPENSSL_free(utf8);
  return text;
}

std::string commonNameOf(const X509_NAME& subject) {
  std::string names;
  int at = -1;
  while ((at = X509_NAME_get_index_by_NID(&subject, NID_commonName, at)) >= 0) {
    if (!names.empty()) names += ", ";
    names += textOf(*X509_NAME_ENTRY_get_data(X509_NAME_get_entry(&subject, at)));
  }
  return clipped(names);
}

std::string lineOf(const X509_NAME& name) {
  const x509::BioHandle memory{BIO_new(BIO_s_mem())};
  X509_NAME_print_ex(memory.get(), &name, 0, XN_FLAG_RFC2253 & ~static_cast<unsigned long>(ASN1_STRFLGS_ESC_MSB));
  char* data = nullptr;
  const long size = BIO_get_mem_data(memory.get(), &data);
  return clipped({data, static_cast<std::size_t>(size)});
}

std::string serialOf(const ASN1_INTEGER& serial) {
  const Number number{ASN1_INTEGER_to_BN(&serial, nullptr)};
  char* digits = number ? BN_bn2hex(number.get()) : nullptr;
  if (digits == nullptr) return "?";
  std::string text = clipped(digits);
  OPENSSL_free(digits);
  return text;
}

std::string isoOf(const ASN1_TIME& time) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(&time, &parts) != 1) return "?";
  std::array<char, 32> text{};
  return {text.data(), std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts)};
}

std::int64_t secondsOf(const ASN1_TIME& time) {
  std::tm parts{};
  return ASN1_TIME_to_tm(&time, &parts) == 1 ? static_cast<std::int64_t>(::timegm(&parts)) : 0;
}

}  // namespace

CertificateFacts certificateFacts(X509& certificate) {
  std::array<std::uint8_t, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  X509_digest(&certificate, EVP_sha256(), digest.data(), &size);
  const ASN1_TIME& notBefore = *X509_get0_notBefore(&certificate);
  const ASN1_TIME& notAfter = *X509_get0_notAfter(&certificate);
  return {.commonName = commonNameOf(*X509_get_subject_name(&certificate)),
          .issuer = lineOf(*X509_get_issuer_name(&certificate)),
          .serial = serialOf(*X509_get0_serialNumber(&certificate)),
          .notBefore = isoOf(notBefore),
          .notAfter = isoOf(notAfter),
          .sha256 = hex({digest.data(), size}),
          .notBeforeSeconds = secondsOf(notBefore),
          .notAfterSeconds = secondsOf(notAfter)};
}

}  // namespace spheregate::tls
