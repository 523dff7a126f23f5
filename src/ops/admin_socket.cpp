#include "spheregate/ops/admin_socket.hpp"

#include <grp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <boost/asio/local/stream_protocol.hpp>
#include <cerrno>
#include <system_error>
#include <utility>
#include <vector>

#include "admin_request.hpp"
#include "http_door.hpp"
#include "spheregate/base/log.hpp"

namespace spheregate::ops {
namespace {

namespace asio = boost::asio;
namespace fs = std::filesystem;
using Local = asio::local::stream_protocol;
using ErrorCode = boost::system::error_code;

constexpr int kBacklog = 16;
constexpr std::size_t kConnectionsMax = 16;
constexpr std::chrono::milliseconds kDeadline{10'000};
constexpr mode_t kMode = S_IRUSR | S_IWUSR | S_IRGRP | S_IWGRP;
constexpr fs::perms kDirectoryMode{0755};
constexpr std::size_t kPathBytesMax = sizeof(sockaddr_un::sun_path) - 1;

std::string reasonOf(int error) { return std::generic_category().message(error); }

base::Explained<void> wrong(const fs::path& path, const std::string& what, const std::string& fix) {
  return base::failed<void>("admin.socket: " + path.string() + ": " + what + "; " + fix);
}

// Whether somebody serves the socket. Nobody can connect to one whose process has died.
bool served(const fs::path& path) {
  asio::io_context unused;
  Local::socket probe{unused};
  ErrorCode error;
  probe.connect(Local::endpoint{path.string()}, error);
  return error != asio::error::connection_refused && error != boost::system::errc::no_such_file_or_directory;
}

// Makes the place free: the directory there, and no socket of a dead process in it.
base::Explained<void> prepare(const fs::path& path) {
  if (path.native().size() > kPathBytesMax) {
    return wrong(path, "the path has " + std::to_string(path.native().size()) + " bytes, a socket's has at most " + std::to_string(kPathBytesMax),
                 "choose a shorter one");
  }
  std::error_code error;
  const bool made = path.has_parent_path() && fs::create_directories(path.parent_path(), error);
  // Whoever may use the socket must get to it, whatever the umask of the service.
  if (made && !error) fs::permissions(path.parent_path(), kDirectoryMode, error);
  if (error) return wrong(path, "cannot make its directory: " + error.message(), "make it for the gateway's user, or choose another path");
  struct stat found {};
  if (::lstat(path.c_str(), &found) != 0) {
    if (errno == ENOENT) return {};
    return wrong(path, "cannot look at it: " + reasonOf(errno), "let the gateway's user into its directory");
  }
  if (!S_ISSOCK(found.st_mode)) return wrong(path, "there is a file that is no socket", "remove it, or choose another path");
  if (served(path)) return wrong(path, "another process serves this socket", "end the other gateway, or give each its own admin.socket");
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) {
    return wrong(path, "cannot remove the socket of a process that has died: " + reasonOf(errno), "remove it");
  }
  return {};
}

base::Explained<gid_t> groupNamed(const std::string& name) {
  constexpr std::size_t bufferBytes = 64 * 1024;
  std::vector<char> buffer(bufferBytes);
  group entry{};
  group* found = nullptr;
  const int error = ::getgrnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found);
  if (found != nullptr) return entry.gr_gid;
  return base::failed<gid_t>("admin.group: " + (error == 0 ? "there is no group " + name : "cannot look up " + name + ": " + reasonOf(error)) +
                             "; make it with `groupadd --system " + name + "`, or name another");
}

// Nobody can connect before it listens, so nobody passes between its making and its permissions.
base::Explained<void> restrict(const fs::path& path, const std::string& groupName) {
  if (!groupName.empty()) {
    const auto gid = groupNamed(groupName);
    if (!gid) return base::failed<void>(gid.error());
    if (::chown(path.c_str(), static_cast<uid_t>(-1), *gid) != 0) {
      return base::failed<void>("admin.group: cannot give the socket to " + groupName + ": " + reasonOf(errno) +
                                "; make the gateway's user a member of it");
    }
  }
  if (::chmod(path.c_str(), kMode) != 0) return wrong(path, "cannot set its mode: " + reasonOf(errno), "choose another path");
  return {};
}

// Of whoever is on the other side. The kernel keeps it from the moment of the connect.
std::uint32_t uidOf(Local::socket& socket) {
  ucred peer{};
  socklen_t size = sizeof peer;
  const bool known = ::getsockopt(socket.native_handle(), SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0;
  return known ? peer.uid : static_cast<std::uint32_t>(-1);
}

}  // namespace

class AdminSocket::Door : public HttpDoor<Local> {
 public:
  using HttpDoor<Local>::HttpDoor;
};

// Where the socket is, and which one it is.
struct AdminSocket::Place {
  explicit Place(fs::path where) : path{std::move(where)} {
    struct stat mine {};
    if (::lstat(path.c_str(), &mine) == 0) {
      device = mine.st_dev;
      inode = mine.st_ino;
    }
  }
  ~Place() {
    struct stat found {};
    if (::lstat(path.c_str(), &found) == 0 && found.st_dev == device && found.st_ino == inode) ::unlink(path.c_str());
  }
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;

  fs::path path;
  dev_t device = 0;
  ino_t inode = 0;
};

AdminSocket::AdminSocket(std::shared_ptr<Door> door, std::unique_ptr<Place> place) : door_{std::move(door)}, place_{std::move(place)} {}

AdminSocket::~AdminSocket() { door_->close(); }

base::Explained<std::unique_ptr<AdminSocket>> AdminSocket::open(asio::io_context& loop, const AdminSettings& settings,
                                                                AdminHandler handler) {
  using Made = std::unique_ptr<AdminSocket>;
  const fs::path& path = settings.socket;
  if (const auto free = prepare(path); !free) return base::failed<Made>(free.error());
  Local::acceptor acceptor{loop};
  ErrorCode error;
  acceptor.open(Local{}, error);
  if (!error) acceptor.bind(Local::endpoint{path.string()}, error);
  if (error) return base::failed<Made>(wrong(path, "cannot make it: " + error.message(), "let the gateway's user write into its directory").error());
  auto place = std::make_unique<Place>(path);
  if (const auto done = restrict(path, settings.group); !done) return base::failed<Made>(done.error());
  acceptor.listen(kBacklog, error);
  if (error) return base::failed<Made>(wrong(path, "cannot listen: " + error.message(), "choose another path").error());
  const auto ask = std::make_shared<const AdminHandler>(std::move(handler));
  auto door = std::make_shared<Door>(loop, std::move(acceptor), kConnectionsMax, kDeadline, [ask](Local::socket& socket) {
    return HttpGreeting{.reply =
                            [ask, uid = uidOf(socket)](const HttpRequest& request, const HttpGreeting::Take& take) {
                              answerTo(request, *ask, uid, [take](HttpAnswer answer) { take({.answer = std::move(answer)}); });
                            },
                        .tls = nullptr,
                        .turns = nullptr};
  });
  door->acceptNext();
  base::logInfo("admin socket", {{"path", path.string()}, {"group", settings.group.empty() ? "-" : settings.group}});
  return Made{new AdminSocket{std::move(door), std::move(place)}};
}

}  // namespace spheregate::ops
