#include <grp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <pwd.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <set>
#include <string>
#include <utility>

#include "iso_time.hpp"
#include "spheregate/x509/certificate_file.hpp"
#include "spheregate/x509/certificate_text.hpp"
#include "spheregate/x509/handles.hpp"
#include "system_facts.hpp"

namespace spheregate::app {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kFilesMax = 500;  // of one directory
constexpr int kDepthMax = 4;

std::string userName(uid_t uid) {
  const passwd* entry = ::getpwuid(uid);
  return entry != nullptr ? entry->pw_name : std::to_string(uid);
}

std::string groupName(gid_t gid) {
  const group* entry = ::getgrgid(gid);
  return entry != nullptr ? entry->gr_name : std::to_string(gid);
}

char typeOf(mode_t mode) {
  if (S_ISDIR(mode)) return 'd';
  if (S_ISLNK(mode)) return 'l';
  if (S_ISSOCK(mode)) return 's';
  return S_ISREG(mode) ? '-' : '?';
}

std::string factsOf(const fs::path& place, const struct stat& facts) {
  std::array<char, 128> text{};
  std::snprintf(text.data(), text.size(), "%c %04o %-12s %-12s %12lld ", typeOf(facts.st_mode), facts.st_mode & 07777u, userName(facts.st_uid).c_str(),
                groupName(facts.st_gid).c_str(), static_cast<long long>(facts.st_size));
  std::string line = text.data() + iso8601(std::chrono::system_clock::from_time_t(facts.st_mtime)) + " " + place.string();
  if (S_ISLNK(facts.st_mode)) {
    std::error_code error;
    line += " -> " + fs::read_symlink(place, error).string();
  }
  return line + "\n";
}

std::vector<fs::path> contentOf(const fs::path& directory) {
  std::vector<fs::path> found;
  std::error_code error;
  fs::directory_iterator entries{directory, error};
  for (; !error && entries != fs::directory_iterator{}; entries.increment(error)) found.push_back(entries->path());
  std::sort(found.begin(), found.end());
  return found;
}

// Lists each place once, whatever leads to it.
class Listing {
 public:
  void add(const fs::path& place, int depthLeft) {
    struct stat facts {};
    const bool known = ::lstat(place.c_str(), &facts) == 0;
    if (seen_.insert(place).second) out_ += known ? factsOf(place, facts) : "? " + place.string() + ": " + std::strerror(errno) + "\n";
    if (!known || !S_ISDIR(facts.st_mode) || depthLeft == 0) return;
    const std::vector<fs::path> content = contentOf(place);
    for (std::size_t number = 0; number < std::min(content.size(), kFilesMax); ++number) add(content[number], depthLeft - 1);
    if (content.size() > kFilesMax) out_ += "  and " + std::to_string(content.size() - kFilesMax) + " more in " + place.string() + "\n";
  }
  std::string take() { return std::move(out_); }

 private:
  std::string out_;
  std::set<fs::path> seen_;
};

void addCertificates(std::string& out, const fs::path& file) {
  const auto certificates = x509::readCertificatesOfAnyKind(file);
  if (!certificates) return;
  for (const x509::CertificateHandle& one : *certificates) {
    const x509::BioHandle memory{BIO_new(BIO_s_mem())};
    X509_print(memory.get(), one.get());
    char* data = nullptr;
    const long size = BIO_get_mem_data(memory.get(), &data);
    out += "# " + file.string() + "\nsha256 " + x509::sha256(*one) + "\n" + std::string{data, static_cast<std::size_t>(size)} + x509::pemText(*one) + "\n";
  }
}

}  // namespace

std::string fileListing(const fs::path& directory, const std::vector<fs::path>& places) {
  Listing listing;
  // What else lies there is nobody's business.
  listing.add(directory, 1);
  for (const fs::path& place : places) listing.add(place, kDepthMax);
  return listing.take();
}

std::string certificatesText(const std::vector<fs::path>& places) {
  std::string out;
  for (const fs::path& place : places) {
    std::error_code error;
    if (!fs::is_directory(place, error)) {
      addCertificates(out, place);
      continue;
    }
    const std::vector<fs::path> content = contentOf(place);
    for (std::size_t number = 0; number < std::min(content.size(), kFilesMax); ++number) addCertificates(out, content[number]);
  }
  return out;
}

}  // namespace spheregate::app
