#include "spheregate/checkup/as_device.hpp"

#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include "shown_chain.hpp"
#include "spheregate/x509/certificate_file.hpp"
#include "spheregate/x509/certificate_text.hpp"
#include "throw_away.hpp"
#include "tls_call.hpp"

namespace spheregate::checkup {
namespace {

constexpr int kUnknownCa = 48;
constexpr int kBadCertificate = 42;

std::string whereOf(const Door& door) { return door.host + ":" + std::to_string(door.port); }

// The one thing that proves the door: it is open, asks for a certificate, and keeps strangers out.
void judgeEnding(const Heard& heard, const Door& door, bool daemonRuns, Report& report) {
  const std::string where = whereOf(door);
  const std::string spoke = heard.version + " with " + heard.cipher;
  if (heard.unresolved) {
    report.fail(heard.problem + "; a device that does not find it either reports no network", where,
                "give the name an address in the site's DNS: devices ask their name server for it too; or correct --host");
  } else if (!heard.problem.empty()) {
    report.fail(heard.problem + "; a device reports no network", where,
                "start the daemon; check the address, listen.port, and the firewall in between");
  } else if (heard.chain.empty() && daemonRuns && heard.alert < 0) {
    report.warn("the running daemon ended the connection before TLS began: this address knocks too often, or all places are taken", where,
                "wait a minute and try again; devices behind one address share devices.connect_rate_per_source");
  } else if (heard.chain.empty()) {
    report.fail("no TLS: " + heard.ending + "; a device reports no network", where,
                "see whether something else listens there, or whether this address is held back for connecting too often (wait a minute)");
  } else if (heard.alert == kUnknownCa || heard.alert == kBadCertificate) {
    report.pass("the door is open: " + spoke + ", and a throw-away certificate was refused as it must be (" + heard.ending + ")", where);
  } else if (heard.stood) {
    report.fail("a certificate that nobody vouches for was let in", where, "something else than the gateway listens there, or stands in between");
  } else if (heard.alert >= 0) {
    report.fail("refused, but not for its certificate: " + heard.ending, where, "look at the daemon's log for this address");
  } else {
    report.warn(spoke + ", then " + heard.ending + ": it was refused, but not told why", where, "look at the daemon's log for this address");
  }
}

std::string chainFault(const Heard& heard, const Roots& roots) {
  const x509::StoreHandle store{X509_STORE_new()};
  for (const auto& root : roots.certificates) X509_STORE_add_cert(store.get(), root.get());
  STACK_OF(X509)* sent = sk_X509_new_null();
  for (const auto& one : heard.chain) sk_X509_push(sent, one.get());
  const x509::StoreContextHandle context{X509_STORE_CTX_new()};
  X509_STORE_CTX_init(context.get(), store.get(), heard.chain.front().get(), sent);
  X509_STORE_CTX_set_flags(context.get(), X509_V_FLAG_PARTIAL_CHAIN);
  X509_STORE_CTX_set_purpose(context.get(), X509_PURPOSE_SSL_SERVER);
  std::string fault;
  if (X509_verify_cert(context.get()) != 1) fault = X509_verify_cert_error_string(X509_STORE_CTX_get_error(context.get()));
  sk_X509_free(sent);
  return fault;
}

void judgeChain(const Heard& heard, const Subject& subject, const Door& door, Report& report) {
  const std::string where = whereOf(door);
  for (std::size_t index = 0; index + 1 < heard.chain.size(); ++index) {
    if (issuedBy(*heard.chain[index], *heard.chain[index + 1])) continue;
    report.fail("certificate " + std::to_string(index + 2) + " of the chain did not issue the one before it, and small TLS stacks need that order",
                where, "put the leaf first, and each issuer behind the one it issued");
  }
  const Roots roots = trustedRoots(subject);
  if (roots.certificates.empty()) {
    report.skip("the chain could not be verified, because it is not known what devices trust", where,
                "name the file that devices have: `spheregate check --as-device --root FILE`");
    return;
  }
  const std::string fault = chainFault(heard, roots);
  if (!fault.empty()) {
    report.fail("a device would end the handshake: " + fault + " (wolfSSL says -188 for an issuer it does not know)", where,
                "let the daemon show a chain that ends at the root that devices have");
  } else {
    report.pass("its chain of " + std::to_string(heard.chain.size()) + " verifies against the root " + subjectOf(*roots.certificates.front()), where);
  }
}

void judgeName(const Heard& heard, const Door& door, Report& report) {
  X509& leaf = *heard.chain.front();
  if (covers(leaf, door.dialledName, true)) return report.pass("it covers `" + door.dialledName + "`, which devices dial", whereOf(door));
  report.fail("a device that dials `" + door.dialledName + "` would end the handshake (wolfSSL says -322): the certificate says " + namesOf(leaf),
              whereOf(door), "get a certificate for that name, or let devices dial one it has");
}

void judgeFreshness(const Heard& heard, const Subject& subject, Report& report) {
  const std::string file = subject.config.listener.certificate.string();
  const auto kept = x509::readCertificates(file);
  if (!kept) return;
  if (X509_cmp(kept->front().get(), heard.chain.front().get()) == 0) {
    report.pass("it is the one of the file, valid for " + x509::spanText(until(*heard.chain.front()) - secondsNow()), file);
    return;
  }
  report.fail("the daemon shows another certificate than the file has: " + subjectOf(*heard.chain.front()) + " until " +
                  x509::timeText(until(*heard.chain.front())),
              file, "let the daemon read it again: `systemctl reload spheregate`, or restart it");
}

Findings callAgain(const Door& door, const ThrowAway& shown, bool daemonRuns) {
  Report named{"device, with sni"};
  judgeEnding(callTls({.host = door.host,
                       .port = door.port,
                       .serverName = door.dialledName,
                       .versionMin = TLS1_2_VERSION,
                       .versionMax = TLS1_2_VERSION,
                       .certificate = shown.certificate.get(),
                       .key = shown.key.get()}),
              door, daemonRuns, named);
  Report newer{"device, tls 1.3"};
  judgeEnding(callTls({.host = door.host,
                       .port = door.port,
                       .serverName = {},
                       .versionMin = TLS1_3_VERSION,
                       .versionMax = TLS1_3_VERSION,
                       .certificate = shown.certificate.get(),
                       .key = shown.key.get()}),
              door, daemonRuns, newer);
  Findings found = named.take();
  for (Finding& one : newer.take()) found.push_back(std::move(one));
  return found;
}

}  // namespace

Findings lookAsDevice(const Subject& subject, const Door& door) {
  const ThrowAway shown = makeThrowAway();
  Report report{"device"};
  const Heard heard = callTls({.host = door.host,
                               .port = door.port,
                               .serverName = {},
                               .versionMin = TLS1_2_VERSION,
                               .versionMax = TLS1_2_VERSION,
                               .certificate = shown.certificate.get(),
                               .key = shown.key.get()});
  judgeEnding(heard, door, subject.daemon.running, report);
  Findings found = report.take();
  if (heard.chain.empty()) return found;
  Report certificate{"shown certificate"};
  judgeChain(heard, subject, door, certificate);
  judgeName(heard, door, certificate);
  judgeFreshness(heard, subject, certificate);
  for (Finding& one : certificate.take()) found.push_back(std::move(one));
  for (Finding& one : callAgain(door, shown, subject.daemon.running)) found.push_back(std::move(one));
  return found;
}

}  // namespace spheregate::checkup
