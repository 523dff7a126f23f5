#include "spheregate/ops/service.hpp"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#include "spheregate/base/log.hpp"
#include "unit/fakes.hpp"

namespace spheregate::ops {
namespace {

using std::chrono::seconds;
using Said = std::vector<std::string>;

// A message with a descriptor.
struct Kept {
  std::string said;
  int descriptor = -1;
};

// Stands where systemd does: a datagram socket whose name is in NOTIFY_SOCKET.
class FakeSystemd {
 public:
  explicit FakeSystemd(const char* watchdogMicroseconds) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    // An abstract name: nothing is left behind in the file system.
    const std::string name = "spheregate-test-" + std::to_string(getpid());
    std::memcpy(address.sun_path + 1, name.data(), name.size());
    const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
    EXPECT_EQ(bind(socket_, reinterpret_cast<const sockaddr*>(&address), length), 0);
    setenv("NOTIFY_SOCKET", ("@" + name).c_str(), 1);
    if (watchdogMicroseconds != nullptr) setenv("WATCHDOG_USEC", watchdogMicroseconds, 1);
  }
  ~FakeSystemd() {
    close(socket_);
    unsetenv("NOTIFY_SOCKET");
    unsetenv("WATCHDOG_USEC");
  }

  Said heard() const {
    Said all;
    char text[256];
    for (;;) {
      const ssize_t size = recv(socket_, text, sizeof text, MSG_DONTWAIT);
      if (size < 0) return all;
      all.emplace_back(text, static_cast<std::size_t>(size));
    }
  }
  Kept given() const {
    char text[256];
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int)) + CMSG_SPACE(sizeof(ucred))];
    iovec part{.iov_base = text, .iov_len = sizeof text};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    const ssize_t size = recvmsg(socket_, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    Kept kept;
    if (size > 0) kept.said.assign(text, static_cast<std::size_t>(size));
    for (cmsghdr* at = CMSG_FIRSTHDR(&message); at != nullptr; at = CMSG_NXTHDR(&message, at)) {
      if (at->cmsg_level == SOL_SOCKET && at->cmsg_type == SCM_RIGHTS) std::memcpy(&kept.descriptor, CMSG_DATA(at), sizeof kept.descriptor);
    }
    return kept;
  }

 private:
  int socket_ = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
};

TEST(Service, saysReadyStatusAndStopping) {
  FakeSystemd systemd{nullptr};
  test::ManualTime time;
  Service service{time.timers};
  EXPECT_EQ(systemd.heard(), Said{});
  service.ready();
  service.status("3 devices\nREADY=1");
  service.stopping();
  EXPECT_EQ(systemd.heard(), (Said{"READY=1", "STATUS=3 devices READY=1", "STOPPING=1"}));
  EXPECT_FALSE(time.timers.next()) << "there is no watchdog to feed";
}

TEST(Service, saysWhenItReloadsAndWhenItHas) {
  FakeSystemd systemd{nullptr};
  test::ManualTime time;
  Service service{time.timers};
  service.reloading();
  service.reloaded();
  const Said heard = systemd.heard();
  ASSERT_EQ(heard.size(), 2u);
  const std::string begins = "RELOADING=1\nMONOTONIC_USEC=";
  EXPECT_EQ(heard[0].substr(0, begins.size()), begins);
  EXPECT_GT(std::stoll(heard[0].substr(begins.size())), 0);
  EXPECT_EQ(heard[1], "READY=1");
}

TEST(Service, feedsTheWatchdogTwiceAsOftenAsItLooks) {
  FakeSystemd systemd{"20000000"};
  test::ManualTime time;
  Service service{time.timers};
  service.ready();
  EXPECT_EQ(systemd.heard(), (Said{"READY=1", "WATCHDOG=1"}));
  time.pass(seconds{9});
  EXPECT_EQ(systemd.heard(), Said{});
  time.pass(seconds{1});
  EXPECT_EQ(systemd.heard(), Said{"WATCHDOG=1"});
  time.pass(seconds{30});
  EXPECT_EQ(systemd.heard(), (Said{"WATCHDOG=1", "WATCHDOG=1", "WATCHDOG=1"}));
}

TEST(Service, starvesTheWatchdogWhileNothingMoves) {
  base::configureLog(base::LogLevel::silent, base::LogFormat::text);
  FakeSystemd systemd{"20000000"};
  test::ManualTime time;
  std::string still;
  Service service{time.timers, [&] { return still; }};
  service.ready();
  systemd.heard();
  still = "the disk does not answer";
  time.pass(seconds{60});
  EXPECT_EQ(systemd.heard(), Said{});
}

// A disk that takes nearly as long as systemd waits is not late because nobody looked in time.
TEST(Service, feedsTheWatchdogAsSoonAsItMovesAgain) {
  base::configureLog(base::LogLevel::silent, base::LogFormat::text);
  FakeSystemd systemd{"20000000"};
  test::ManualTime time;
  std::string still;
  Service service{time.timers, [&] { return still; }};
  service.ready();
  systemd.heard();
  still = "the disk does not answer";
  time.pass(seconds{18});
  still.clear();
  time.pass(seconds{1});
  EXPECT_EQ(systemd.heard(), Said{"WATCHDOG=1"});
  time.pass(seconds{9});
  EXPECT_EQ(systemd.heard(), Said{});
  time.pass(seconds{1});
  EXPECT_EQ(systemd.heard(), Said{"WATCHDOG=1"});
}

TEST(Service, saysOnceWhatStandsStill) {
  base::configureLog(base::LogLevel::info, base::LogFormat::text);
  FakeSystemd systemd{"20000000"};
  test::ManualTime time;
  std::string still = "the disk does not answer";
  Service service{time.timers, [&] { return still; }};
  testing::internal::CaptureStderr();
  service.ready();
  time.pass(seconds{30});
  still.clear();
  time.pass(seconds{30});
  const std::string log = testing::internal::GetCapturedStderr();
  EXPECT_EQ(std::count(log.begin(), log.end(), '\n'), 2) << log;
  EXPECT_NE(log.find("no progress reason=\"the disk does not answer\""), std::string::npos) << log;
  EXPECT_NE(log.find("progress again"), std::string::npos) << log;
}

TEST(Service, hasSystemdKeepASocket) {
  FakeSystemd systemd{nullptr};
  test::ManualTime time;
  Service service{time.timers};
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  service.keep(socket, "devices-kept");
  const Kept kept = systemd.given();
  EXPECT_EQ(kept.said, "FDSTORE=1\nFDNAME=devices-kept");
  struct stat ours {}, theirs {};
  ASSERT_EQ(fstat(socket, &ours), 0);
  ASSERT_EQ(fstat(kept.descriptor, &theirs), 0);
  EXPECT_EQ(ours.st_ino, theirs.st_ino);
  close(kept.descriptor);
  close(socket);
}

TEST(Service, isSilentWithoutSystemd) {
  unsetenv("NOTIFY_SOCKET");
  test::ManualTime time;
  Service service{time.timers};
  service.ready();
  service.stopping();
  EXPECT_FALSE(time.timers.next());
}

}  // namespace
}  // namespace spheregate::ops
