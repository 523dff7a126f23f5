#include "spheregate/pki/authority.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string_view>
#include <system_error>
#include <utility>

#include "certificate_maker.hpp"
#include "spheregate/pki/whole_file.hpp"
#include "spheregate/x509/certificate_file.hpp"
#include "spheregate/x509/certificate_text.hpp"
#include "spheregate/x509/file_content.hpp"

namespace spheregate::pki {
namespace {

namespace fs = std::filesystem;
using base::WallTime;
using x509::CertificateHandle;
using x509::PrivateKeyHandle;

// For devices whose clocks are slow.
constexpr std::chrono::hours kBackDated{24};
// One for each decade, and some.
constexpr int kRootsMax = 32;
// Certificates that a clock before this would date are useless to devices whose clocks are right.
constexpr std::chrono::seconds kThisProgram{1'735'689'600};  // 2025-01-01

fs::path rootFile(const fs::path& directory, int number, const char* ending) {
  return directory / ("root-" + std::to_string(number) + ending);
}

std::int64_t seconds(WallTime time) { return std::chrono::system_clock::to_time_t(time); }

std::int64_t endOf(const CertificateHandle& certificate) { return x509::unixSeconds(*X509_get0_notAfter(certificate.get())); }

Validity from(WallTime now, std::chrono::hours life) { return {now - kBackDated, now + life}; }

std::string clockFault(WallTime now) {
  if (now.time_since_epoch() >= kThisProgram) return {};
  return "this machine's clock says " + x509::timeText(seconds(now)) +
         ", and certificates made now would be of no use; set the clock, see `timedatectl`";
}

// The key first: a certificate without its key would be a retired root.
base::Explained<void> writeRoot(const fs::path& directory, int number, const std::string& organization, Validity validity) {
  auto key = makeKey();
  if (!key) return base::failed<void>(key.error());
  auto root = makeRoot(**key, organization, validity);
  if (!root) return base::failed<void>(root.error());
  const auto text = keyText(**key);
  if (!text) return base::failed<void>(text.error());
  auto written = writeWhole(rootFile(directory, number, ".key"), *text, kSecretMode);
  if (!written) return written;
  return writeWhole(rootFile(directory, number, ".pem"), x509::pemText(**root), kPublicMode);
}

std::string organizationOf(X509& certificate) {
  const X509_NAME* name = X509_get_subject_name(&certificate);
  const int at = X509_NAME_get_index_by_NID(name, NID_organizationName, -1);
  if (at < 0) return "Spheregate";
  const ASN1_STRING* text = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at));
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)), static_cast<std::size_t>(ASN1_STRING_length(text))};
}

}  // namespace

base::Explained<Authority> Authority::create(const fs::path& directory, const std::string& hostname, WallTime now) {
  std::error_code error;
  if (fs::exists(directory, error)) {
    return base::failed<Authority>(directory.string() +
                                   ": exists; an authority is never made anew, because devices trust the one they have");
  }
  if (const std::string fault = clockFault(now); !fault.empty()) return base::failed<Authority>(fault);
  // Renamed into place when it is complete, so that no crash leaves half of it.
  const fs::path draft = directory.parent_path() / ("." + directory.filename().string() + ".new");
  fs::remove_all(draft, error);
  if (::mkdir(draft.c_str(), 0700) != 0) {
    return base::failed<Authority>(directory.string() + ": cannot be made (" + std::strerror(errno) +
                                   "); run it as a user who may write there, for example with sudo");
  }
  auto made = writeRoot(draft, 1, hostname, from(now, kFirstRootLife));
  if (made) made = writeRoot(draft, 2, hostname, from(now, kRootLife));
  if (made && ::rename(draft.c_str(), directory.c_str()) != 0) {
    made = base::failed<void>(directory.string() + ": cannot be put in place (" + std::strerror(errno) + "); check the path");
  }
  if (made) made = syncDirectory(directory.parent_path());
  if (!made) {
    fs::remove_all(draft, error);
    return base::failed<Authority>(made.error());
  }
  return open(directory);
}

base::Explained<Authority> Authority::open(const fs::path& directory) {
  Authority authority{directory};
  for (int number = 1; number <= kRootsMax; ++number) {
    const fs::path file = rootFile(directory, number, ".pem");
    std::error_code error;
    if (!fs::exists(file, error)) {
      // Roots of long ago may have been taken away.
      if (error)
        return base::failed<Authority>(file.string() + ": cannot be looked at (" + error.message() +
                                       "); check the permissions of its directory");
      continue;
    }
    auto certificates = x509::readCertificates(file);
    if (!certificates) return base::failed<Authority>(certificates.error());
    const bool hasKey = fs::exists(rootFile(directory, number, ".key"), error);
    authority.roots_.push_back({number, std::move(certificates->front()), hasKey});
  }
  if (authority.roots_.empty()) {
    return base::failed<Authority>(directory.string() +
                                   ": holds no root-1.pem; make the gateway's certificates with `spheregate init`");
  }
  return authority;
}

base::Explained<std::string> Authority::issueServer(EVP_PKEY& publicKey, const Names& names, WallTime now) const {
  const auto pen = signingPen(now);
  if (!pen) return base::failed<std::string>(pen.error());
  // What is longer than X.509 allows a common name is among the alternative names in full, which is where everybody looks.
  const ServerNames text{names.hostname.size() <= 64 ? names.hostname : "Spheregate", subjectAltNames(names)};
  return chain(makeServer(publicKey, text, {now - kBackDated, pen->until}, *pen->root->certificate, *pen->key), *pen->root);
}

base::Explained<std::string> Authority::renewServer(X509& server, WallTime now) const {
  const auto pen = signingPen(now);
  if (!pen) return base::failed<std::string>(pen.error());
  return chain(pki::renewServer(server, {now - kBackDated, pen->until}, *pen->root->certificate, *pen->key), *pen->root);
}

base::Explained<Authority::Pen> Authority::signingPen(WallTime now) const {
  if (const std::string fault = clockFault(now); !fault.empty()) return base::failed<Pen>(fault);
  const Root* root = issuer(now);
  if (!root) return base::failed<Pen>(noKey());
  auto key = keyOf(*root);
  if (!key) return base::failed<Pen>(key.error());
  const WallTime end = std::chrono::system_clock::from_time_t(endOf(root->certificate));
  return Pen{root, std::move(*key), std::min<WallTime>(now + kServerLife, end)};
}

std::string Authority::noKey() const { return directory_.string() + ": no root has a key; restore root-*.key from a backup"; }

bool Authority::issued(X509& certificate) const { return signerOf(certificate) != nullptr; }

bool Authority::retiredIssuerOf(X509& certificate) const {
  const Root* signer = signerOf(certificate);
  return signer != nullptr && !signer->hasKey;
}

base::Explained<bool> Authority::prepareSuccessor(WallTime now) {
  const Root* current = issuer(now);
  if (!current || current != &roots_.back() || current->number == kRootsMax) return false;
  if (const std::string fault = clockFault(now); !fault.empty()) return base::failed<bool>(fault);
  const auto written = writeRoot(directory_, current->number + 1, organizationOf(*current->certificate), from(now, kRootLife));
  if (!written) return base::failed<bool>(written.error());
  auto again = open(directory_);
  if (!again) return base::failed<bool>(again.error());
  *this = std::move(*again);
  return true;
}

base::Explained<std::string> Authority::exported(WallTime now) const {
  const Root* current = issuer(now);
  if (!current) return base::failed<std::string>(noKey());
  std::string text = x509::pemText(*current->certificate);
  if (current != &roots_.back()) text += x509::pemText(*(current + 1)->certificate);
  if (text.size() > kExportBytesMax) {
    return base::failed<std::string>("the roots take " + std::to_string(text.size()) + " bytes, and devices read at most " +
                                     std::to_string(kExportBytesMax) + "; use the roots that `spheregate init` makes");
  }
  return base::Explained<std::string>{boost::system::in_place_value, std::move(text)};
}

Authority::Exported Authority::exportedFacts(WallTime now) const {
  const Root* current = issuer(now);
  if (!current) return {};
  const bool last = current == &roots_.back();
  return {last ? 1u : 2u, endOf(last ? current->certificate : (current + 1)->certificate)};
}

const Authority::Root* Authority::issuer(WallTime now) const {
  const Root* last = nullptr;
  for (const Root& root : roots_) {
    if (!root.hasKey) continue;
    last = &root;
    if (endOf(root.certificate) >= seconds(now + kServerLife)) return last;
  }
  return last;
}

const Authority::Root* Authority::signerOf(X509& certificate) const {
  const x509::ErrorQueueMark mark;
  for (const Root& root : roots_) {
    if (X509_NAME_cmp(X509_get_issuer_name(&certificate), X509_get_subject_name(root.certificate.get())) != 0) continue;
    if (X509_verify(&certificate, X509_get0_pubkey(root.certificate.get())) == 1) return &root;
  }
  return nullptr;
}

base::Explained<PrivateKeyHandle> Authority::keyOf(const Root& root) const {
  const fs::path file = rootFile(directory_, root.number, ".key");
  auto key = readPrivateKey(file);
  if (!key) return key;
  const x509::ErrorQueueMark mark;
  if (X509_check_private_key(root.certificate.get(), key->get()) != 1) {
    return base::failed<PrivateKeyHandle>(file.string() +
                                          ": does not belong to the certificate beside it; restore both from one backup");
  }
  return key;
}

base::Explained<std::string> Authority::chain(base::Explained<CertificateHandle> leaf, const Root& root) const {
  if (!leaf) return base::failed<std::string>(leaf.error());
  return base::Explained<std::string>{boost::system::in_place_value, x509::pemText(**leaf) + x509::pemText(*root.certificate)};
}

base::Explained<NewKey> makeServerKey() {
  auto key = makeKey();
  if (!key) return base::failed<NewKey>(key.error());
  auto text = keyText(**key);
  if (!text) return base::failed<NewKey>(text.error());
  return NewKey{std::move(*key), std::move(*text)};
}

base::Explained<PrivateKeyHandle> readPrivateKey(const fs::path& file) {
  const auto text = x509::fileContent(file);
  if (!text) return base::failed<PrivateKeyHandle>(text.error());
  auto key = keyFromText(*text);
  if (!key) return base::failed<PrivateKeyHandle>(file.string() + ": " + key.error());
  return key;
}

}  // namespace spheregate::pki
