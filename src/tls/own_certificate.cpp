#include "own_certificate.hpp"

#include <openssl/x509v3.h>

#include <boost/asio/ip/address.hpp>
#include <chrono>
#include <memory>
#include <utility>

#include "context.hpp"
#include "printable.hpp"

namespace spheregate::tls {
namespace {

using Names = std::unique_ptr<GENERAL_NAMES, x509::Release<GENERAL_NAMES_free>>;

std::string_view contentOf(const ASN1_STRING& value) {
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(&value)), static_cast<std::size_t>(ASN1_STRING_length(&value))};
}

// Empty when it is neither IPv4 nor IPv6.
std::string addressOf(std::string_view bytes) {
  if (boost::asio::ip::address_v4::bytes_type v4{}; bytes.size() == v4.size()) {
    std::copy(bytes.begin(), bytes.end(), v4.begin());
    return boost::asio::ip::address_v4{v4}.to_string();
  }
  if (boost::asio::ip::address_v6::bytes_type v6{}; bytes.size() == v6.size()) {
    std::copy(bytes.begin(), bytes.end(), v6.begin());
    return boost::asio::ip::address_v6{v6}.to_string();
  }
  return {};
}

std::string nameOf(const GENERAL_NAME& name) {
  if (name.type == GEN_DNS) return printable(contentOf(*name.d.dNSName));
  if (name.type == GEN_IPADD) return addressOf(contentOf(*name.d.iPAddress));
  return {};
}

}  // namespace

ShownCertificate shownCertificate(X509& certificate) {
  ShownCertificate shown{.facts = certificateFacts(certificate), .names = {}};
  const Names names{static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(&certificate, NID_subject_alt_name, nullptr, nullptr))};
  for (int at = 0; names && at < sk_GENERAL_NAME_num(names.get()); ++at) {
    std::string name = nameOf(*sk_GENERAL_NAME_value(names.get(), at));
    if (!name.empty()) shown.names.push_back(std::move(name));
  }
  return shown;
}

base::Explained<OwnCertificate::Next> OwnCertificate::read(const std::filesystem::path& certificate,
                                                          const std::string& privateKey) const {
  const auto both = readServerCertificate(certificate, privateKey);
  if (!both) return base::failed<Next>(both.error());
  ShownCertificate shown = shownCertificate(*both->chain.front());
  std::string problem = objection(shown, certificate);
  if (!problem.empty()) return base::failed<Next>(std::move(problem));
  auto context = serverContext(*both, minVersion_);
  if (!context) return base::failed<Next>(certificate.string() + ": " + context.error());
  return Next{.shown = std::move(shown), .context = std::move(*context)};
}

SslContext OwnCertificate::take(Next next) {
  shown_ = std::move(next.shown);
  return std::move(next.context);
}

std::int64_t OwnCertificate::now() const {
  return std::chrono::duration_cast<std::chrono::seconds>(clock_.wall().time_since_epoch()).count();
}

std::string OwnCertificate::objection(const ShownCertificate& next, const std::filesystem::path& file) const {
  const auto valid = [at = now()](const CertificateFacts& facts) {
    return facts.notBeforeSeconds <= at && at <= facts.notAfterSeconds;
  };
  if (!shown_ || !valid(shown_->facts) || valid(next.facts)) return {};
  const bool early = now() < next.facts.notBeforeSeconds;
  return "the certificate `CN=" + next.facts.commonName + "` in " + file.string() +
         (early ? " is not valid before " + next.facts.notBefore : " expired at " + next.facts.notAfter) + ", and the one in use is" +
         " valid until " + shown_->facts.notAfter + "; " +
         (early ? "wait until then, or correct this machine's clock" : "write a new certificate there");
}

}  // namespace spheregate::tls
