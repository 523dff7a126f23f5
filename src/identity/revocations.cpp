#include "revocations.hpp"

#include <algorithm>
#include <filesystem>
#include <utility>

#include "crl_facts.hpp"
#include "file_set.hpp"
#include "spheregate/base/log.hpp"
#include "spheregate/x509/certificate_text.hpp"
#include "spheregate/x509/crl_file.hpp"
#include "spheregate/x509/file_content.hpp"

namespace spheregate::identity {
namespace {

// All lists together, as they are in the files. 100,000 entries are about 4 MiB.
constexpr std::uintmax_t kBytesMax = 4 * x509::kFileBytesMax;

std::int64_t secondsOrNever(const ASN1_TIME* time) { return time ? x509::unixSeconds(*time) : 0; }

bool stale(const Crl& list, std::int64_t nowSeconds) { return list.nextUpdateSeconds != 0 && nowSeconds > list.nextUpdateSeconds; }

void leaveAside(X509_CRL& crl, const std::string& file, bool namesake) {
  base::logWarn("revocation list not used",
                {{"file", file},
                 {"issuer", x509::nameText(*X509_CRL_get_issuer(&crl))},
                 {"reason", namesake ? "a pinned tenant CA has this name, but its key did not sign the list, or it may not sign lists"
                                     : "no pinned tenant CA has this name"},
                 {"fix", "pin the CA in devices.tenant_ca, or take the list away"}});
}

}  // namespace

base::Explained<Revocations> Revocations::read(const Settings& settings, const std::vector<PinnedCa>& cas, std::int64_t nowSeconds) {
  Revocations made;
  made.ofCa_.resize(cas.size());
  if (settings.crlPolicy == CrlPolicy::off) return made;
  const x509::ErrorQueueMark mark;
  const auto files = filesAt(settings.crl, {".crl", ".pem", ".der"});
  if (!files) return base::failed<Revocations>(files.error() + "; put the revocation lists there, or set devices.crl_policy to off");
  std::uintmax_t bytes = 0;
  for (const std::filesystem::path& file : *files) {
    std::error_code unknown;
    const auto size = std::filesystem::file_size(file, unknown);
    if (!unknown) bytes += size;
    if (bytes > kBytesMax) {
      return base::failed<Revocations>(settings.crl.string() + ": holds more than 64 MiB of revocation lists; take old ones away");
    }
    auto crls = x509::readCrls(file);
    if (!crls) return base::failed<Revocations>(crls.error());
    for (x509::CrlHandle& crl : *crls) {
      const auto taken = made.take(std::move(crl), file.string(), settings, cas);
      if (!taken) return base::failed<Revocations>(file.string() + ": " + taken.error());
    }
  }
  made.warn(settings.crlPolicy, cas, nowSeconds);
  return made;
}

base::Explained<void> Revocations::take(x509::CrlHandle crl, const std::string& file, const Settings& settings,
                                        const std::vector<PinnedCa>& cas) {
  const X509_NAME* issuer = X509_CRL_get_issuer(crl.get());
  const auto named = [&](const PinnedCa& ca) { return X509_NAME_cmp(issuer, X509_get_subject_name(ca.certificate.get())) == 0; };
  const bool namesake = std::any_of(cas.begin(), cas.end(), named);
  bool used = false;
  for (std::size_t index = 0; index < cas.size(); ++index) {
    if (!signedBy(*crl, *cas[index].certificate)) continue;
    const std::string why = unusable(*crl);
    if (!why.empty()) return base::failed<void>(why);
    Crl facts{.file = file,
              .caSha256 = cas[index].facts.sha256,
              .caFile = cas[index].facts.file,
              .thisUpdateSeconds = secondsOrNever(X509_CRL_get0_lastUpdate(crl.get())),
              .nextUpdateSeconds = secondsOrNever(X509_CRL_get0_nextUpdate(crl.get())),
              .entries = static_cast<std::size_t>(std::max(0, sk_X509_REVOKED_num(X509_CRL_get_REVOKED(crl.get()))))};
    if (facts.nextUpdateSeconds == 0 && settings.crlPolicy == CrlPolicy::require) {
      return base::failed<void>("the list of `" + x509::nameText(*issuer) +
                                "` does not say when the next one is due, so it is never stale; have it say so, or set devices.crl_policy to prefer");
    }
    used = true;
    const std::string part = partOf(*crl);
    std::vector<List>& lists = ofCa_[index];
    const auto old = std::find_if(lists.begin(), lists.end(), [&](const List& list) { return list.part == part; });
    if (old != lists.end() && !newerThan(*crl, *old->crl)) continue;
    // A renewed CA has the same name and key, and then a list is of both.
    X509_CRL_up_ref(crl.get());
    List list{x509::CrlHandle{crl.get()}, part, std::move(facts)};
    if (old != lists.end()) *old = std::move(list);
    else lists.push_back(std::move(list));
  }
  if (!used) leaveAside(*crl, file, namesake);
  return {};
}

void Revocations::warn(CrlPolicy policy, const std::vector<PinnedCa>& cas, std::int64_t nowSeconds) const {
  const char* consequence = policy == CrlPolicy::require ? "no device of this CA is let in" : "its devices are let in all the same";
  for (std::size_t index = 0; index < cas.size(); ++index) {
    if (ofCa_[index].empty()) {
      base::logWarn("tenant CA without revocation list", {{"file", cas[index].facts.file}, {"consequence", consequence}});
    }
    for (const List& list : ofCa_[index]) {
      if (!stale(list.facts, nowSeconds)) continue;
      base::logWarn("revocation list stale", {{"file", list.facts.file},
                                              {"next_update", x509::timeText(list.facts.nextUpdateSeconds)},
                                              {"consequence", policy == CrlPolicy::require ? consequence : "what it says is still obeyed"},
                                              {"fix", "fetch the CA's current list"}});
    }
  }
}

Revocations::Answer Revocations::of(std::size_t ca, const ASN1_INTEGER& serial, std::int64_t nowSeconds) const {
  Answer answer;
  for (const List& list : ofCa_[ca]) {
    X509_REVOKED* entry = nullptr;
    if (X509_CRL_get0_by_serial(list.crl.get(), &entry, const_cast<ASN1_INTEGER*>(&serial)) == 1) {
      return {.revoked = true,
              .revokedSeconds = secondsOrNever(X509_REVOKED_get0_revocationDate(entry)),
              .why = reasonOf(*entry),
              .list = &list.facts,
              .stale = stale(list.facts, nowSeconds)};
    }
    if (!answer.list || (stale(list.facts, nowSeconds) && !answer.stale)) {
      answer.list = &list.facts;
      answer.stale = stale(list.facts, nowSeconds);
    }
  }
  return answer;
}

std::vector<Crl> Revocations::lists() const {
  std::vector<Crl> all;
  for (const auto& lists : ofCa_) {
    for (const List& list : lists) all.push_back(list.facts);
  }
  return all;
}

}  // namespace spheregate::identity
