#include <boost/asio/io_context.hpp>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include <cerrno>
#include <string>

#include "certificate_reading.hpp"
#include "items.hpp"
#include "shown_chain.hpp"
#include "spheregate/base/clock.hpp"
#include "spheregate/metrics/registry.hpp"
#include "spheregate/tls/listener.hpp"
#include "spheregate/x509/certificate_file.hpp"
#include "spheregate/x509/certificate_text.hpp"

namespace spheregate::checkup {
namespace {

constexpr std::int64_t kDay = 86'400;
constexpr std::int64_t kSoon = 30 * kDay;
constexpr std::int64_t kVerySoon = 7 * kDay;
// The reference application of Azure Sphere reads the file of trusted certificates into that many bytes, and ends when it is larger.
constexpr std::size_t kTrustFileBytesMax = 3072;
constexpr const char* kRenew = "get a new server certificate from the same authority, so that devices keep trusting it";

// The daemon's own way of loading both, at a port that nobody knows.
std::string whyUnusable(const config::Config& config) {
  tls::ListenerSettings settings = config.listener;
  settings.address = "127.0.0.1";
  settings.port = 0;
  boost::asio::io_context loop;
  metrics::Registry metrics;
  const base::SystemClock clock;
  const auto opened = tls::Listener::open(loop, settings, clock, metrics, {}, {});
  return opened ? std::string{} : opened.error();
}

void lookAtTimes(const Chain& chain, const Subject& subject, Report& report) {
  const std::string file = subject.config.listener.certificate.string();
  // The daemon renews what its own authority has issued, a month before the end.
  const std::int64_t soon = subject.config.authority.empty() ? kSoon : kVerySoon;
  const std::int64_t now = secondsNow();
  for (std::size_t index = 0; index < chain.size(); ++index) {
    X509& certificate = *chain[index];
    const std::string which = index == 0 ? "it " : "its issuer " + subjectOf(certificate) + " ";
    const std::string fault = outOfValidity(certificate, now);
    if (!fault.empty()) {
      report.fail(which + fault + ", so devices refuse the gateway", file, std::string{kRenew} + ", or correct the clock of this machine");
    } else if (until(certificate) - now < soon) {
      report.warn(which + "expires in " + x509::spanText(until(certificate) - now) + ", at " + x509::timeText(until(certificate)), file,
                  kRenew);
    }
  }
}

void lookAtNames(X509& leaf, const Subject& subject, Report& report) {
  const std::string& host = subject.config.hostname;
  const std::string file = subject.config.listener.certificate.string();
  if (host.find('.') == std::string::npos && host.find(':') == std::string::npos) {
    report.fail("`" + host + "` has no dot, and the Azure IoT SDK for C refuses such a host", "hostname",
                "set hostname to a full name, for example " + host + ".plant.example, and get a certificate for it");
  }
  if (covers(leaf, host, false)) return;
  const std::string names = namesOf(leaf);
  const std::string says = "devices dial `" + host + "`, the certificate says " + (names.empty() ? "no name at all" : names);
  if (covers(leaf, host, true)) {
    report.warn("the hostname `" + host + "` is only its common name, and many devices look at subject alternative names alone", file,
                "get a certificate with DNS:" + host + " as subject alternative name");
    return;
  }
  report.fail(says + ": they refuse the gateway with a host name mismatch", file,
              "put the name that devices dial into hostname, and get a certificate with it as subject alternative name");
}

void lookAtUse(X509& leaf, const std::string& file, Report& report) {
  const std::uint32_t flags = X509_get_extension_flags(&leaf);
  if ((flags & EXFLAG_XKUSAGE) != 0 && (X509_get_extended_key_usage(&leaf) & XKU_SSL_SERVER) == 0) {
    report.fail("its extended key usage does not include TLS server authentication, so devices refuse the gateway", file,
                "get a certificate with extended key usage serverAuth");
  }
  if ((flags & EXFLAG_CA) != 0) {
    report.warn("it is the certificate of a CA", file, "keep the CA apart, and let it issue a certificate for the gateway");
  } else if (selfSigned(leaf)) {
    report.warn("it is signed by itself, so every renewal means a new application for every device", file,
                "make an authority of the gateway's own that issues it, and give devices that one's root");
  }
}

void lookAtKey(X509& certificate, bool isLeaf, const std::string& file, Report& report) {
  const std::string whose = isLeaf ? "its key" : "the key of its issuer " + subjectOf(certificate);
  const EVP_PKEY* key = X509_get0_pubkey(&certificate);
  const int bits = key ? EVP_PKEY_get_bits(key) : 0;
  const bool rsa = key && EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA;
  const bool ec = key && EVP_PKEY_get_base_id(key) == EVP_PKEY_EC;
  constexpr int bitsMin = 2048;
  constexpr int bitsEasy = 3072;
  if (rsa && bits < bitsMin) {
    report.fail(whose + " has only " + std::to_string(bits) + " bits", file, "make a new one, best an elliptic curve key on P-256");
  } else if (rsa && bits > bitsEasy) {
    report.warn(whose + " has " + std::to_string(bits) + " bits: slow for small devices, and its root alone takes 2 kB of their memory", file,
                "use an elliptic curve key on P-256");
  } else if (!rsa && !(ec && (bits == 256 || bits == 384))) {
    report.warn(whose + " is of a kind that small TLS stacks may not know", file, "use an elliptic curve key on P-256");
  }
  int digest = NID_undef;
  if (X509_get_signature_info(&certificate, &digest, nullptr, nullptr, nullptr) == 1 && (digest == NID_sha1 || digest == NID_md5)) {
    report.fail("it is signed with " + std::string{OBJ_nid2sn(digest)} + ", which devices refuse", file, "have it issued with SHA-256");
  }
}

void lookAtRoot(const Chain& chain, const Subject& subject, Report& report) {
  const std::string file = subject.config.listener.certificate.string();
  X509& last = *chain.back();
  if (chain.size() > 1 && selfSigned(last) && pemBytes(last) > kTrustFileBytesMax) {
    report.warn("its root takes " + std::to_string(pemBytes(last)) + " bytes, and Azure Sphere's application reads 3072", file,
                "use a root with an elliptic curve key");
  }
  const auto roots = trustedRoots(subject);
  if (!roots.problem.empty()) report.failed(roots.problem, {});
  if (roots.certificates.empty() || !roots.given) return;
  bool reaches = false;
  for (const auto& root : roots.certificates) reaches = reaches || issuedBy(last, *root) || X509_cmp(&last, root.get()) == 0;
  if (reaches) return;
  report.fail("its chain ends at " + subjectOf(last) + ", which the root that devices trust did not issue: an intermediate is missing, or " +
                  "it comes from another authority",
              file, "put the certificate and all its issuers into the file, leaf first, or give devices the root of this one");
}

}  // namespace

Findings lookAtServerCertificate(const Subject& subject, const DaemonUser& user) {
  Report report{"server certificate"};
  const std::string file = subject.config.listener.certificate.string();
  const std::string& key = subject.config.listener.privateKey;
  if (user.guessed && ::access(key.c_str(), R_OK) != 0 && errno == EACCES) {
    report.skip("its key " + key + " cannot be read as the user " + user.name, file, "run the check as root to see it as the daemon does");
    return report.take();
  }
  const std::string problem = whyUnusable(subject.config);
  if (!problem.empty()) {
    report.failed(problem, file);
    return report.take();
  }
  const auto chain = x509::readCertificates(file);
  if (!chain) {
    report.failed(chain.error(), file);
    return report.take();
  }
  X509& leaf = *chain->front();
  lookAtTimes(*chain, subject, report);
  lookAtNames(leaf, subject, report);
  lookAtUse(leaf, file, report);
  for (std::size_t index = 0; index < chain->size(); ++index) lookAtKey(*(*chain)[index], index == 0, file, report);
  lookAtRoot(*chain, subject, report);
  if (report.empty()) {
    report.pass("for " + namesOf(leaf) + "; valid for " + x509::spanText(until(leaf) - secondsNow()) + "; ends at " + subjectOf(*chain->back()),
                file);
  }
  return report.take();
}

}  // namespace spheregate::checkup
