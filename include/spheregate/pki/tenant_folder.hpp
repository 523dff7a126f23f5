#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "spheregate/base/result.hpp"
#include "spheregate/pki/tenant_choice.hpp"

namespace spheregate::pki {

struct TenantCaFacts {
  std::filesystem::path file;
  std::string subject;
  std::string tenantId;  // the GUID at the end of the subject's common name; empty when it has none
  std::string sha256;
  std::string sha1;
  std::int64_t notBeforeSeconds = 0;
  std::int64_t notAfterSeconds = 0;
};

// The directory of devices.tenant_ca as an operator sees it: each certificate in it is a CA that vouches for devices. It may have
// files of any name, of several certificates, and broken ones, which are told and do not hide the others. One that is added gets
// a name from its GUID and its SHA-256. Only the operator's commands use it; the daemon reads the directory by itself.
class TenantFolder {
 public:
  // A directory that does not exist is made when something is added.
  explicit TenantFolder(std::filesystem::path directory) : directory_{std::move(directory)} {}

  struct Listing {
    std::vector<TenantCaFacts> cas;   // by file name
    std::vector<std::string> faults;  // sentences about files that cannot be read
  };
  base::Explained<Listing> list() const;

  struct Added {
    TenantCaFacts facts;
    bool wasThere = false;
  };
  // Each is written whole, with mode 0644, or is there already, under whatever name.
  base::Explained<std::vector<Added>> add(const std::vector<x509::CertificateHandle>& cas) const;

  // Takes out the one CA whose SHA-256 or SHA-1 begins with this, colons and letter case aside. Other certificates of its file
  // stay.
  base::Explained<TenantCaFacts> remove(const std::string& fingerprint) const;

 private:
  base::Explained<std::vector<std::filesystem::path>> files() const;

  std::filesystem::path directory_;
};

}  // namespace spheregate::pki
