#include "spheregate/x509/certificate_text.hpp"

#include <openssl/evp.h>
#include <openssl/pem.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdio>
#include <ctime>
#include <string_view>

#include "spheregate/x509/handles.hpp"

namespace spheregate::x509 {
namespace {

bool isGuid(std::string_view text) {
  constexpr std::string_view shape = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
  if (text.size() != shape.size()) return false;
  for (std::size_t at = 0; at < shape.size(); ++at) {
    const bool fits = shape[at] == '-' ? text[at] == '-' : std::isxdigit(static_cast<unsigned char>(text[at])) != 0;
    if (!fits) return false;
  }
  return true;
}

std::string digestOf(X509& certificate, const EVP_MD& kind) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned length = 0;
  if (X509_digest(&certificate, &kind, digest.data(), &length) != 1) return {};
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (unsigned at = 0; at < length; ++at) {
    text += digits[digest[at] >> 4];
    text += digits[digest[at] & 15];
  }
  return text;
}

}  // namespace

std::string sha256(X509& certificate) { return digestOf(certificate, *EVP_sha256()); }

std::string sha1(X509& certificate) { return digestOf(certificate, *EVP_sha1()); }

std::string pemText(X509& certificate) {
  const BioHandle bio{BIO_new(BIO_s_mem())};
  if (!bio || PEM_write_bio_X509(bio.get(), &certificate) != 1) return {};
  char* data = nullptr;
  const long length = BIO_get_mem_data(bio.get(), &data);
  return {data, static_cast<std::size_t>(length)};
}

std::string nameText(const X509_NAME& name) {
  const BioHandle bio{BIO_new(BIO_s_mem())};
  X509_NAME_print_ex(bio.get(), &name, 0, ASN1_STRFLGS_RFC2253 | XN_FLAG_SEP_CPLUS_SPC | XN_FLAG_FN_SN);
  char* data = nullptr;
  const long length = BIO_get_mem_data(bio.get(), &data);
  return length > 0 ? std::string(data, static_cast<std::size_t>(length)) : std::string{};
}

std::string guidAtEnd(const X509_NAME& name) {
  const int index = X509_NAME_get_index_by_NID(&name, NID_commonName, -1);
  if (index < 0) return {};
  const ASN1_STRING* value = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(&name, index));
  const std::string_view text{reinterpret_cast<const char*>(ASN1_STRING_get0_data(value)),
                              static_cast<std::size_t>(ASN1_STRING_length(value))};
  std::string word{text.substr(text.rfind(' ') + 1)};
  if (!isGuid(word)) return {};
  std::transform(word.begin(), word.end(), word.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return word;
}

std::int64_t unixSeconds(const ASN1_TIME& time) {
  std::tm parts{};
  return ASN1_TIME_to_tm(&time, &parts) == 1 ? static_cast<std::int64_t>(timegm(&parts)) : 0;
}

std::string timeText(std::int64_t unixSeconds) {
  const std::time_t seconds = static_cast<std::time_t>(unixSeconds);
  std::tm parts{};
  std::array<char, 40> text{};
  gmtime_r(&seconds, &parts);
  const std::size_t length = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts);
  return {text.data(), length};
}

std::string spanText(std::int64_t seconds) {
  struct Unit {
    const char* name;
    std::int64_t seconds;
  };
  constexpr std::array<Unit, 4> units{{{"d", 86'400}, {"h", 3'600}, {"min", 60}, {"s", 1}}};
  for (std::size_t at = 0; at + 1 < units.size(); ++at) {
    if (seconds < units[at].seconds) continue;
    const std::int64_t rest = seconds % units[at].seconds / units[at + 1].seconds;
    const std::string whole = std::to_string(seconds / units[at].seconds) + " " + units[at].name;
    return rest == 0 ? whole : whole + " " + std::to_string(rest) + " " + units[at + 1].name;
  }
  return std::to_string(seconds) + " s";
}

}  // namespace spheregate::x509
