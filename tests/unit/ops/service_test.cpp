#include "spheregate/ops/service.hpp"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <string>
#include <vector>

#include "spheregate/base/log.hpp"
#include "unit/fakes.hpp"

namespace spheregate::ops {
namespace {

using std::chrono::seconds;
using Said = std::vector<std::string>;

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
  bool moves = true;
  Service service{time.timers, [&] { return moves; }};
  service.ready();
  systemd.heard();
  moves = false;
  time.pass(seconds{60});
  EXPECT_EQ(systemd.heard(), Said{});
  moves = true;
  time.pass(seconds{10});
  EXPECT_EQ(systemd.heard(), Said{"WATCHDOG=1"});
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
