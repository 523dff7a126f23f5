#include "new_gateway.hpp"

#include <pwd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <functional>
#include <system_error>

#include "command_line.hpp"
#include "spheregate/pki/authority.hpp"
#include "spheregate/pki/whole_file.hpp"

namespace spheregate::app {
namespace {

namespace fs = std::filesystem;
using Done = base::Explained<void>;

constexpr const char* kUser = "spheregate";

bool there(const fs::path& path) {
  std::error_code error;
  return fs::exists(path, error);
}

// With its parents; its own mode is as given whatever the umask.
Done makeDirectory(const fs::path& directory, mode_t mode) {
  std::error_code error;
  if (fs::is_directory(directory, error)) return {};
  fs::create_directories(directory.parent_path(), error);
  if (!error && ::mkdir(directory.c_str(), mode) == 0 && ::chmod(directory.c_str(), mode) == 0) return {};
  const std::string why = error ? error.message() : std::strerror(errno);
  return base::failed<void>(directory.string() + ": cannot be made (" + why +
                            "); run it as a user who may write there, for example with sudo, or choose another place with --dir");
}

Done makeDirectories(const NewGateway& wanted) {
  for (const fs::path& directory : {wanted.directory, wanted.certificate().parent_path(), wanted.tenantCas()}) {
    if (const Done done = makeDirectory(directory, 0755); !done) return done;
  }
  return makeDirectory(wanted.hubKey().parent_path(), 0700);
}

Done makeKey(const NewGateway& wanted) {
  const auto made = pki::makeServerKey();
  if (!made) return base::failed<void>(made.error());
  return pki::writeWhole(wanted.privateKey(), made->pem, pki::kSecretMode);
}

Done makeAuthority(const NewGateway& wanted) {
  const auto made = pki::Authority::create(wanted.authority(), wanted.names.hostname, std::chrono::system_clock::now());
  return made ? Done{} : base::failed<void>(made.error());
}

// For the key that is there, so that a crash between the two files is mended by the next run.
Done makeCertificate(const NewGateway& wanted) {
  const auto authority = pki::Authority::open(wanted.authority());
  if (!authority) return base::failed<void>(authority.error());
  const auto key = pki::readPrivateKey(wanted.privateKey());
  if (!key) return base::failed<void>(key.error());
  const auto chain = authority->issueServer(**key, wanted.names, std::chrono::system_clock::now());
  if (!chain) return base::failed<void>(chain.error());
  return pki::writeWhole(wanted.certificate(), *chain, pki::kPublicMode);
}

// There from the beginning, so that `spheregate devices deny` and `import` have a place to write to. Comments are ignored.
Done makeDenyList(const NewGateway& wanted) {
  return pki::writeWhole(wanted.denyList(), "# Devices that are refused: an id a line. `spheregate devices deny` writes it.\n", pki::kPublicMode);
}
Done makeAliases(const NewGateway& wanted) {
  return pki::writeWhole(wanted.aliases(), "# What people call devices: id,alias a line. `spheregate devices import` writes it.\n", pki::kPublicMode);
}

Done makeHubKey(const NewGateway& wanted) { return pki::writeWhole(wanted.hubKey(), wanted.login->key + "\n", pki::kSecretMode); }

// What the daemon reads as a secret, and what it renews, belongs to its user where root makes it. The rest stays root's.
Done giveToDaemon(const NewGateway& wanted) {
  const passwd* user = ::geteuid() == 0 ? ::getpwnam(kUser) : nullptr;
  if (user == nullptr) return {};
  const fs::path tls = wanted.certificate().parent_path();
  std::vector<fs::path> paths{wanted.authority(), tls, wanted.certificate(), wanted.privateKey(), wanted.hubKey().parent_path()};
  if (there(wanted.hubKey())) paths.push_back(wanted.hubKey());
  std::error_code error;
  for (const auto& entry : fs::directory_iterator{wanted.authority(), error}) paths.push_back(entry.path());
  for (const fs::path& path : paths) {
    if (::lchown(path.c_str(), user->pw_uid, user->pw_gid) == 0) continue;
    return base::failed<void>(path.string() + ": cannot be given to the user spheregate (" + std::strerror(errno) +
                              "); check its file system");
  }
  return {};
}

}  // namespace

std::filesystem::path NewGateway::socket() const {
  const fs::path own = directory / "admin.sock";
  const bool usual = directory == fs::path{kConfigFile}.parent_path();
  return usual || own.native().size() >= sizeof(sockaddr_un::sun_path) ? fs::path{} : own;
}

base::Explained<Made> make(const NewGateway& wanted, const std::string& configuration) {
  struct Part {
    fs::path place;
    std::function<Done()> make;
  };
  std::vector<Part> parts{{wanted.authority(), [&] { return makeAuthority(wanted); }},
                          {wanted.privateKey(), [&] { return makeKey(wanted); }},
                          {wanted.certificate(), [&] { return makeCertificate(wanted); }},
                          {wanted.denyList(), [&] { return makeDenyList(wanted); }},
                          {wanted.aliases(), [&] { return makeAliases(wanted); }}};
  if (wanted.login) parts.push_back({wanted.hubKey(), [&] { return makeHubKey(wanted); }});
  // Last: whoever finds a configuration finds what it names.
  parts.push_back({wanted.config(), [&] { return pki::writeWhole(wanted.config(), configuration, pki::kPublicMode); }});

  Made all;
  Done done = makeDirectories(wanted);
  for (std::size_t at = 0; done && at < parts.size(); ++at) {
    if (there(parts[at].place)) {
      all.kept.push_back(parts[at].place.string());
      continue;
    }
    done = parts[at].make();
    if (done) all.made.push_back(parts[at].place.string());
  }
  if (done) done = giveToDaemon(wanted);
  if (!done) return base::failed<Made>(done.error());
  return all;
}

}  // namespace spheregate::app
