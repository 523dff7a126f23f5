#include "spheregate/ops/inherited_socket.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include <functional>
#include <string>
#include <vector>

namespace spheregate::ops {
namespace {

using boost::asio::ip::tcp;

int listener(int type = SOCK_STREAM) {
  const int made = ::socket(AF_INET, type, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  EXPECT_EQ(::bind(made, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  if (type == SOCK_STREAM) {
    EXPECT_EQ(::listen(made, 4), 0);
  }
  return made;
}

// Does it in a child that has these descriptors as systemd gives them; what it says.
std::string inChild(const std::vector<int>& descriptors, const char* names, const std::function<std::string()>& deed) {
  int pipe[2];
  EXPECT_EQ(::pipe(pipe), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    // Out of the way first, since some may be where others belong.
    const int answers = ::fcntl(pipe[1], F_DUPFD, 100);
    std::vector<int> moved;
    for (const int descriptor : descriptors) moved.push_back(::fcntl(descriptor, F_DUPFD, 100));
    for (std::size_t index = 0; index < moved.size(); ++index) ::dup2(moved[index], SD_LISTEN_FDS_START + static_cast<int>(index));
    ::setenv("LISTEN_PID", std::to_string(::getpid()).c_str(), 1);
    ::setenv("LISTEN_FDS", std::to_string(descriptors.size()).c_str(), 1);
    if (names != nullptr) ::setenv("LISTEN_FDNAMES", names, 1);
    const std::string said = deed();
    const bool whole = ::write(answers, said.data(), said.size()) == static_cast<ssize_t>(said.size());
    ::_exit(whole ? 0 : 1);
  }
  ::close(pipe[1]);
  std::string said;
  char text[1024];
  for (ssize_t size = 0; (size = ::read(pipe[0], text, sizeof text)) > 0;) said.append(text, static_cast<std::size_t>(size));
  ::close(pipe[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
  for (const int descriptor : descriptors) ::close(descriptor);
  return said;
}

std::string taken() {
  const auto socket = takeInheritedSocket();
  if (!socket) return "refused: " + socket.error();
  if (!*socket) return "nothing";
  const bool kept = (*socket)->origin == InheritedSocket::Origin::earlierStart;
  const bool closesOnExec = (::fcntl((*socket)->descriptor, F_GETFD) & FD_CLOEXEC) != 0;
  return std::to_string((*socket)->descriptor) + " " + (*socket)->address.address().to_string() + (kept ? " kept" : " unit") +
         (closesOnExec ? " cloexec" : "") + (::getenv("LISTEN_FDS") == nullptr ? "" : " still in the environment");
}

void expectRefused(const std::string& said, const std::string& part) {
  EXPECT_TRUE(said.starts_with("refused: ")) << said;
  EXPECT_NE(said.find(part), std::string::npos) << said;
  EXPECT_NE(said.find("FileDescriptorName=devices"), std::string::npos) << said;
}

TEST(InheritedSocket, isNothingWithoutSystemd) {
  EXPECT_EQ(taken(), "nothing");
  // The variables are for another process, whose child this is.
  EXPECT_EQ(inChild({listener()}, "devices", [] {
              ::setenv("LISTEN_PID", "1", 1);
              return taken();
            }),
            "nothing");
}

TEST(InheritedSocket, isTheOneForDevices) {
  EXPECT_EQ(inChild({listener()}, "devices", taken), "3 127.0.0.1 unit cloexec");
  EXPECT_EQ(inChild({listener()}, "devices-kept", taken), "3 127.0.0.1 kept cloexec");
}

TEST(InheritedSocket, ofAUnitGoesBeforeOneOfAnEarlierStart) {
  EXPECT_EQ(inChild({listener(), listener()}, "devices-kept:devices",
                    [] {
                      const std::string said = taken();
                      return said + (::fcntl(SD_LISTEN_FDS_START, F_GETFD) < 0 ? ", the other is closed" : ", the other is open");
                    }),
            "4 127.0.0.1 unit cloexec, the other is closed");
}

TEST(InheritedSocket, isRefusedByName) {
  expectRefused(inChild({listener()}, "spheregate.socket", taken), "`spheregate.socket`");
  expectRefused(inChild({listener()}, nullptr, taken), "`unknown`");
  expectRefused(inChild({listener(), listener()}, "devices:http", taken), "`http`");
  expectRefused(inChild({listener(), listener()}, "devices:devices", taken), "several sockets `devices`");
}

TEST(InheritedSocket, mustListenForTcp) {
  expectRefused(inChild({listener(SOCK_DGRAM)}, "devices", taken), "no TCP socket that listens");
  const int silent = ::socket(AF_INET, SOCK_STREAM, 0);
  expectRefused(inChild({silent}, "devices", taken), "no TCP socket that listens");
  const int local = ::socket(AF_UNIX, SOCK_STREAM, 0);
  expectRefused(inChild({local}, "devices", taken), "no TCP socket that listens");
}

TEST(InheritedSocket, thatIsAbandonedGivesItsAddressFreeAlthoughSystemdHoldsItToo) {
  const int ours = listener();
  int on = 1;
  ASSERT_EQ(::setsockopt(ours, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on), 0);
  const int systemds = ::dup(ours);
  tcp::endpoint address;
  auto size = static_cast<socklen_t>(address.capacity());
  ASSERT_EQ(::getsockname(ours, address.data(), &size), 0);
  abandon({.descriptor = ours, .origin = InheritedSocket::Origin::earlierStart, .address = address});
  const int next = ::socket(AF_INET, SOCK_STREAM, 0);
  ASSERT_EQ(::setsockopt(next, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on), 0);
  EXPECT_EQ(::bind(next, address.data(), size), 0);
  EXPECT_EQ(::listen(next, 4), 0);
  ::close(next);
  ::close(systemds);
}

}  // namespace
}  // namespace spheregate::ops
