#include "certificate_reading.hpp"

#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <arpa/inet.h>

#include <array>
#include <chrono>
#include <memory>

#include "spheregate/x509/certificate_text.hpp"

namespace spheregate::checkup {

std::string subjectOf(X509& certificate) { return "`" + x509::nameText(*X509_get_subject_name(&certificate)) + "`"; }

std::int64_t from(const X509& certificate) { return x509::unixSeconds(*X509_get0_notBefore(&certificate)); }

std::int64_t until(const X509& certificate) { return x509::unixSeconds(*X509_get0_notAfter(&certificate)); }

std::int64_t secondsNow() { return std::chrono::system_clock::to_time_t(std::chrono::system_clock::now()); }

std::string outOfValidity(const X509& certificate, std::int64_t now) {
  const std::string clock = "; this machine's clock says " + x509::timeText(now);
  if (now > until(certificate)) {
    return "expired " + x509::spanText(now - until(certificate)) + " ago, at " + x509::timeText(until(certificate)) + clock;
  }
  if (now < from(certificate)) {
    return "is not yet valid, but in " + x509::spanText(from(certificate) - now) + ", at " + x509::timeText(from(certificate)) + clock;
  }
  return {};
}

bool issuedBy(X509& certificate, X509& issuer) {
  const x509::ErrorQueueMark mark;
  return X509_check_issued(&issuer, &certificate) == X509_V_OK && X509_verify(&certificate, X509_get0_pubkey(&issuer)) == 1;
}

bool selfSigned(X509& certificate) { return issuedBy(certificate, certificate); }

bool covers(X509& certificate, const std::string& host, bool byCommonName) {
  const unsigned flags = byCommonName ? 0U : static_cast<unsigned>(X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
  return X509_check_ip_asc(&certificate, host.c_str(), 0) == 1 ||
         X509_check_host(&certificate, host.c_str(), host.size(), flags, nullptr) == 1;
}

std::string namesOf(X509& certificate) {
  const std::unique_ptr<GENERAL_NAMES, x509::Release<GENERAL_NAMES_free>> names{
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(&certificate, NID_subject_alt_name, nullptr, nullptr))};
  std::string text;
  for (int index = 0; names && index < sk_GENERAL_NAME_num(names.get()); ++index) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), index);
    int type = 0;
    const auto* value = static_cast<const ASN1_STRING*>(GENERAL_NAME_get0_value(name, &type));
    std::string one;
    if (type == GEN_DNS) {
      one.assign(reinterpret_cast<const char*>(ASN1_STRING_get0_data(value)), static_cast<std::size_t>(ASN1_STRING_length(value)));
    } else if (type == GEN_IPADD) {
      std::array<char, INET6_ADDRSTRLEN> address{};
      const int family = ASN1_STRING_length(value) == 4 ? AF_INET : AF_INET6;
      if (inet_ntop(family, ASN1_STRING_get0_data(value), address.data(), address.size())) one = address.data();
    }
    // An address stands in it twice: as itself, and as text for older TLS libraries.
    const bool told = (", " + text + ", ").find(", " + one + ", ") != std::string::npos;
    if (!one.empty() && !told) text += (text.empty() ? "" : ", ") + one;
  }
  return text;
}

std::size_t pemBytes(X509& certificate) {
  const x509::BioHandle bio{BIO_new(BIO_s_mem())};
  PEM_write_bio_X509(bio.get(), &certificate);
  char* data = nullptr;
  return static_cast<std::size_t>(BIO_get_mem_data(bio.get(), &data));
}

}  // namespace spheregate::checkup
