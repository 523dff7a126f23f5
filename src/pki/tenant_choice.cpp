#include "spheregate/pki/tenant_choice.hpp"

#include <openssl/x509v3.h>

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <utility>

#include "self_test.hpp"
#include "spheregate/x509/certificate_text.hpp"

namespace spheregate::pki {
namespace {

using x509::CertificateHandle;
using Certificates = std::vector<CertificateHandle>;

// A chain has three; a file of all CAs that a tenant ever had, a dozen.
constexpr std::size_t kCertificatesMax = 100;

constexpr const char* kOwn =
    "download the tenant's own CA with `az sphere ca-certificate download`, or its chain with download-chain";

std::string subjectOf(X509& certificate) { return "`" + x509::nameText(*X509_get_subject_name(&certificate)) + "`"; }

bool saysCa(X509& certificate) { return X509_check_ca(&certificate) == 1; }

// Whose key signed it counts, not the name alone: an old and a new tenant CA have one name.
bool issued(X509& issuer, X509& other) {
  return X509_NAME_cmp(X509_get_issuer_name(&other), X509_get_subject_name(&issuer)) == 0 &&
         X509_verify(&other, X509_get0_pubkey(&issuer)) == 1;
}

bool ofAzureSphereItself(X509& certificate) {
  const std::string name = x509::nameText(*X509_get_subject_name(&certificate));
  return name.find("CN=Azure Sphere Root Certificate Authority") != std::string::npos ||
         name.find("CN=Azure Sphere Policy CA") != std::string::npos;
}

void keepEachOnce(Certificates& certificates) {
  Certificates once;
  for (CertificateHandle& one : certificates) {
    const bool again = std::any_of(once.begin(), once.end(),
                                   [&](const CertificateHandle& other) { return X509_cmp(one.get(), other.get()) == 0; });
    if (!again) once.push_back(std::move(one));
  }
  certificates = std::move(once);
}

// Sorted by what they are. The pointers are into the certificates of the file.
struct Sorted {
  std::vector<X509*> leaves;
  std::vector<X509*> above;     // CAs over the tenants', or over another CA of the file
  std::vector<X509*> nameless;  // CAs without a GUID where one is needed
  std::vector<X509*> fitting;
};

Sorted sorted(const Certificates& certificates, const ImportRules& rules) {
  Sorted all;
  for (const CertificateHandle& one : certificates) {
    X509& certificate = *one;
    const bool issuesCas = std::any_of(certificates.begin(), certificates.end(), [&](const CertificateHandle& other) {
      return other.get() != one.get() && saysCa(*other) && issued(certificate, *other);
    });
    if (!saysCa(certificate)) {
      all.leaves.push_back(&certificate);
    } else if (issuesCas || ofAzureSphereItself(certificate)) {
      all.above.push_back(&certificate);
    } else if (rules.guidNeeded && x509::guidAtEnd(*X509_get_subject_name(&certificate)).empty()) {
      all.nameless.push_back(&certificate);
    } else {
      all.fitting.push_back(&certificate);
    }
  }
  return all;
}

// Nothing fits: what there is instead.
std::string nothingFits(const Sorted& all) {
  if (!all.above.empty()) {
    return "holds no tenant CA, only " + subjectOf(*all.above.back()) +
           ", a CA above the tenants, to which every tenant chains; " + kOwn;
  }
  if (!all.nameless.empty()) {
    return subjectOf(*all.nameless.front()) +
           " carries no tenant's GUID at the end of its name, so it is not the CA of an Azure Sphere tenant; " + kOwn +
           ". For devices of another CA set devices.identity: any first";
  }
  return subjectOf(*all.leaves.front()) +
         " is not a CA but a leaf (perhaps the certificate of a device or a server); give the CA that issued the devices' "
         "certificates";
}

void noteLeftOut(const Sorted& all, std::vector<std::string>& notes) {
  for (X509* one : all.above) notes.push_back("left out: " + subjectOf(*one) + ", a CA above the tenant's");
  for (X509* one : all.nameless) notes.push_back("left out: " + subjectOf(*one) + ", which carries no tenant's GUID");
  for (X509* one : all.leaves) notes.push_back("left out: " + subjectOf(*one) + ", which is not a CA");
}

void noteAbout(X509& ca, const ImportRules& rules, std::vector<std::string>& notes) {
  const std::int64_t now = std::chrono::system_clock::to_time_t(rules.now);
  const std::int64_t begin = x509::unixSeconds(*X509_get0_notBefore(&ca));
  if (begin > now) {
    notes.push_back(subjectOf(ca) + " is valid only from " + x509::timeText(begin) +
                    "; if that is past, check this machine's clock with `timedatectl`");
  }
  if (X509_check_issued(&ca, &ca) == X509_V_OK) {
    notes.push_back(subjectOf(ca) +
                    " is a root: it vouches for devices that it signed itself, and not for those of CAs below it");
  }
}

}  // namespace

base::Explained<TenantChoice> chooseTenantCas(Certificates certificates, const ImportRules& rules) {
  const x509::ErrorQueueMark mark;
  if (certificates.empty()) return base::failed<TenantChoice>(std::string{"holds no certificate; "} + kOwn);
  if (certificates.size() > kCertificatesMax) {
    return base::failed<TenantChoice>("holds " + std::to_string(certificates.size()) +
                                      " certificates, like a store of public CAs; give a file with the tenant's CA");
  }
  keepEachOnce(certificates);
  const Sorted all = sorted(certificates, rules);
  if (all.fitting.empty()) return base::failed<TenantChoice>(nothingFits(all));
  TenantChoice choice;
  std::vector<std::string> faults;
  for (X509* ca : all.fitting) {
    std::string fault = selfTest(*ca, rules);
    if (!fault.empty()) {
      faults.push_back(std::move(fault));
      continue;
    }
    noteAbout(*ca, rules, choice.notes);
    X509_up_ref(ca);
    choice.cas.emplace_back(ca);
  }
  // A file of all CAs that a tenant ever had holds expired ones too.
  if (choice.cas.empty()) return base::failed<TenantChoice>(std::move(faults.front()));
  for (const std::string& fault : faults) choice.notes.push_back("left out: " + fault);
  noteLeftOut(all, choice.notes);
  return choice;
}

}  // namespace spheregate::pki
