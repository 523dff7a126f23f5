#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "spheregate/base/clock.hpp"
#include "spheregate/base/result.hpp"
#include "spheregate/pki/names.hpp"
#include "spheregate/x509/handles.hpp"

namespace spheregate::pki {

// Azure Sphere's sample reads the file of trusted certificates into a buffer of three kilobytes and ends when it does not fit.
inline constexpr std::size_t kExportBytesMax = 3072;

// A leaked key is of use for a year at most; a renewal that fails leaves a third of it, 122 days, to mend it; and some TLS
// libraries refuse server certificates of more than 398 days.
inline constexpr std::chrono::hours kServerLife{24 * 365};
// Roots live in applications of devices, which are hard to change. The first one ends ten years before the second, so that two
// never end together, and both before 2050, where dates in certificates get another form.
inline constexpr std::chrono::hours kFirstRootLife{24 * 3652};
inline constexpr std::chrono::hours kRootLife{24 * 7305};

// The gateway's own certificate authority: a directory with root-1.pem, root-1.key, root-2.pem, … The first root whose key is
// there and which outlives a new server certificate issues; the one after it is published beside it, so that devices trust it
// long before. A root without its key is retired. Keys are read only to sign. Values; nobody else writes there meanwhile.
class Authority {
 public:
  // Makes the directory with two roots, as a whole or not at all. Refuses when it exists.
  static base::Explained<Authority> create(const std::filesystem::path& directory, const std::string& hostname,
                                           base::WallTime now);
  static base::Explained<Authority> open(const std::filesystem::path& directory);

  // PEM: the leaf, then its issuer, the root. From a day ago, because clocks of devices are slow, for kServerLife, but never
  // longer than its root. `publicKey` is the server's own.
  base::Explained<std::string> issueServer(EVP_PKEY& publicKey, const Names& names, base::WallTime now) const;
  // The same subject, names and key as a certificate of this authority.
  base::Explained<std::string> renewServer(X509& server, base::WallTime now) const;

  // Whether a root of this authority, retired or not, signed it.
  bool issued(X509& certificate) const;
  // Whether the root that signed it has no key any more.
  bool retiredIssuerOf(X509& certificate) const;
  // When no root follows the one that issues now, one is made. Tells whether.
  base::Explained<bool> prepareSuccessor(base::WallTime now);

  // What devices trust: the root that issues now and its successor, in PEM form, at most kExportBytesMax.
  base::Explained<std::string> exported(base::WallTime now) const;
  // How many certificates that is, and when the last of them ends.
  struct Exported {
    std::size_t roots = 0;
    std::int64_t untilSeconds = 0;
  };
  Exported exportedFacts(base::WallTime now) const;

 private:
  struct Root {
    int number = 0;
    x509::CertificateHandle certificate;
    bool hasKey = false;
  };
  // What it takes to sign.
  struct Pen {
    const Root* root = nullptr;
    x509::PrivateKeyHandle key;
    base::WallTime until;  // the longest a certificate may live
  };
  explicit Authority(std::filesystem::path directory) : directory_{std::move(directory)} {}
  const Root* issuer(base::WallTime now) const;
  base::Explained<Pen> signingPen(base::WallTime now) const;
  std::string noKey() const;
  const Root* signerOf(X509& certificate) const;
  base::Explained<x509::PrivateKeyHandle> keyOf(const Root& root) const;
  base::Explained<std::string> chain(base::Explained<x509::CertificateHandle> leaf, const Root& root) const;

  std::filesystem::path directory_;
  std::vector<Root> roots_;  // by number
};

// A new key, and its text for a file that only the gateway may read.
struct NewKey {
  x509::PrivateKeyHandle key;
  std::string pem;
};
base::Explained<NewKey> makeServerKey();
// The private key of a PEM file; the error names it.
base::Explained<x509::PrivateKeyHandle> readPrivateKey(const std::filesystem::path& file);

}  // namespace spheregate::pki
