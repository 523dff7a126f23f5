#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <string>
#include <vector>

#include "items.hpp"

namespace spheregate::checkup {
namespace {

namespace fs = std::filesystem;

enum class Kind { secret, open, place };  // place: a file or a directory

struct Named {
  const char* key;  // of the configuration
  fs::path path;
  Kind kind;
};

bool isFile(const fs::path& path) {
  const std::string text = path.string();
  return !text.empty() && !text.starts_with("pkcs11:") && !text.starts_with("handle:");
}

std::vector<Named> namedFiles(const config::Config& config) {
  const auto& auth = config.upstream.auth;
  const std::vector<Named> all{{"tls.certificate", config.listener.certificate, Kind::open},
                               {"tls.private_key", config.listener.privateKey, Kind::secret},
                               {"devices.tenant_ca", config.identity.tenantCa, Kind::place},
                               {"devices.deny_file", config.identity.denyFile, Kind::open},
                               {"devices.allow_file", config.identity.allowFile, Kind::open},
                               {"devices.alias_file", config.identity.aliasFile, Kind::open},
                               {"devices.crl", config.identity.crl, Kind::place},
                               {"upstream.ca", config.connector.ca, Kind::open},
                               {"upstream.proxy_password_file", config.connector.proxy.passwordFile, Kind::secret},
                               {"http.certificate", config.http.certificate, Kind::open},
                               {"http.private_key", config.http.privateKey, Kind::secret},
                               {"http.password_file", config.http.passwordFile, Kind::secret},
                               {"upstream.auth.module_key_file", auth.moduleKeyFile, Kind::secret},
                               {"upstream.auth.key_file", auth.keyFile, Kind::secret},
                               {"upstream.auth.keys_file", auth.keysFile, Kind::secret},
                               {"upstream.auth.certificate", auth.certificate, Kind::open},
                               {"upstream.auth.private_key", auth.privateKey, Kind::secret},
                               {"upstream.auth.group_key_file", auth.groupKeyFile, Kind::secret}};
  std::vector<Named> files;
  for (const Named& one : all) {
    if (isFile(one.path)) files.push_back(one);
  }
  return files;
}

std::string whereOf(const Named& file) { return file.path.string() + " (" + file.key + ")"; }

std::string octal(mode_t mode) {
  std::string text;
  for (int shift = 6; shift >= 0; shift -= 3) text += static_cast<char>('0' + ((mode >> shift) & 7));
  return text;
}

// What is public needs no owner: only the way to it is closed.
std::string permissionFix(const Named& file, const DaemonUser& user) {
  if (file.kind == Kind::secret) return "`chown " + user.name + "` the file, and let the user enter every directory above it";
  return "copy it to /etc/spheregate, with mode 0644, and name the copy in " + std::string{file.key};
}

// True when the daemon's user can open it.
bool lookWhetherReadable(const Named& file, const DaemonUser& user, Report& report) {
  const int descriptor = ::open(file.path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  const int error = errno;
  if (descriptor >= 0) {
    ::close(descriptor);
    return true;
  }
  if (error == EACCES && user.guessed) {
    report.skip("cannot be read as the user " + user.name, whereOf(file), "run the check as root to see it as the daemon does");
  } else if (error == EACCES) {
    report.fail("the user " + user.name + ", as whom the daemon runs, has no permission to read it", whereOf(file),
                permissionFix(file, user));
  } else if (error == ENOENT || error == ENOTDIR) {
    report.fail("does not exist", whereOf(file), std::string{"put the file there, or correct "} + file.key);
  } else {
    report.fail(std::string{"cannot be opened: "} + std::strerror(error), whereOf(file), "check the file and the disk it is on");
  }
  return false;
}

void lookAtMode(const Named& file, Report& report) {
  struct stat facts{};
  if (::stat(file.path.c_str(), &facts) != 0) return;
  const std::string mode = "its mode is " + octal(facts.st_mode);
  if (file.kind == Kind::secret && (facts.st_mode & S_IROTH) != 0) {
    report.fail("every user of this machine can read this secret: " + mode, whereOf(file),
                "`chmod 0400` it, and replace the secret if somebody else has been on this machine");
  } else if ((facts.st_mode & S_IWOTH) != 0 && !S_ISLNK(facts.st_mode)) {
    report.fail("every user of this machine can change it: " + mode, whereOf(file), "`chmod o-w` it");
  }
  if (file.kind != Kind::place && !S_ISREG(facts.st_mode)) {
    report.fail("is not a file", whereOf(file), std::string{"name a file in "} + file.key);
  }
}

}  // namespace

Findings lookAtFiles(const Subject& subject, const DaemonUser& user) {
  Report report{"files"};
  const auto files = namedFiles(subject.config);
  for (const Named& file : files) {
    if (lookWhetherReadable(file, user, report)) lookAtMode(file, report);
  }
  if (report.empty()) {
    report.pass("all " + std::to_string(files.size()) + " are there, the user " + user.name + " can read them, and the secrets are kept");
  }
  return report.take();
}

}  // namespace spheregate::checkup
