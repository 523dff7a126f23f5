#include "spheregate/ops/file_watch.hpp"

#include <gtest/gtest.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <fstream>
#include <functional>
#include <string>

#include "lookouts.hpp"
#include "spheregate/base/log.hpp"
#include "spheregate/ops/file_stamps.hpp"
#include "unit/fakes.hpp"

namespace spheregate::ops {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

void write(const fs::path& file, const std::string& text) { std::ofstream{file} << text; }

// A watch over a directory of the test's own, on a time of the test's own. The kernel has told of a change when the call that made
// it returns.
class FileWatchTest : public testing::Test {
 protected:
  FileWatchTest() {
    base::configureLog(base::LogLevel::silent, base::LogFormat::text);
    std::string name = (fs::temp_directory_path() / "spheregate-watch-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) ADD_FAILURE() << name;
    root = fs::canonical(name);
  }
  ~FileWatchTest() override { fs::remove_all(root); }

  void pass(base::Duration span) {
    loop.restart();
    loop.poll();
    time.pass(span);
  }
  // How often the callback ran since the last time, after everything has settled.
  int told() {
    pass(1s);
    return std::exchange(calls, 0);
  }
  void expectToldOf(const char* what, const std::function<void()>& change) {
    EXPECT_EQ(told(), 0) << "before: " << what;
    change();
    EXPECT_EQ(told(), 1) << what;
  }

  fs::path root;
  boost::asio::io_context loop;
  test::ManualTime time;
  int calls = 0;
  FileWatch watch{loop, time.timers, [this] { ++calls; }};
};

TEST_F(FileWatchTest, noticesEveryWayToReplaceAFile) {
  const fs::path file = root / "server.pem";
  write(file, "1");
  watch.watch({file});
  expectToldOf("written in place", [&] { write(file, "2"); });
  expectToldOf("appended", [&] { std::ofstream{file, std::ios::app} << "3"; });
  expectToldOf("renamed over, as sed -i and configuration tools do", [&] {
    write(root / ".server.pem.tmp", "4");
    fs::rename(root / ".server.pem.tmp", file);
  });
  expectToldOf("backed up and written anew, as vim does", [&] {
    fs::rename(file, root / "server.pem~");
    write(file, "5");
    fs::remove(root / "server.pem~");
  });
  expectToldOf("deleted", [&] { fs::remove(file); });
  expectToldOf("made again", [&] { write(file, "6"); });
  expectToldOf("linked over, as ln -f does", [&] {
    write(root / "other", "7");
    fs::remove(file);
    fs::create_hard_link(root / "other", file);
  });
  expectToldOf("made readable", [&] { ::chmod(file.c_str(), 0640); });
}

// Files are read first and watched then, at the start and wherever a configuration names other files.
TEST_F(FileWatchTest, noticesWhatChangedBetweenTheReadingAndTheWatch) {
  const fs::path file = root / "deny.txt";
  write(file, "1");
  const FileStamps asRead = stampsOf({file});
  watch.watch({file}, asRead);
  EXPECT_EQ(told(), 0);
  write(file, "1\n2");
  watch.watch({root / "other", file}, asRead);
  EXPECT_EQ(told(), 1);
  fs::remove(file);
  watch.watch({file}, asRead);
  EXPECT_EQ(told(), 1);
}

TEST_F(FileWatchTest, isNotDisturbedByTheNeighbours) {
  write(root / "server.pem", "1");
  watch.watch({root / "server.pem"});
  write(root / "neighbour", "1");
  fs::rename(root / "neighbour", root / "neighbour2");
  fs::remove(root / "neighbour2");
  std::ifstream{root / "server.pem"}.get();
  EXPECT_EQ(told(), 0);
}

TEST_F(FileWatchTest, followsLinksToTheirTargets) {
  // As certbot has it: live/site/cert.pem -> ../../archive/site/cert1.pem.
  fs::create_directories(root / "live/site");
  fs::create_directories(root / "archive/site");
  write(root / "archive/site/cert1.pem", "1");
  write(root / "archive/site/cert2.pem", "2");
  fs::create_symlink("../../archive/site/cert1.pem", root / "live/site/cert.pem");
  watch.watch({root / "live/site/cert.pem"});
  expectToldOf("the target written in place", [&] { write(root / "archive/site/cert1.pem", "1a"); });
  expectToldOf("the link turned", [&] {
    fs::remove(root / "live/site/cert.pem");
    fs::create_symlink("../../archive/site/cert2.pem", root / "live/site/cert.pem");
  });
  expectToldOf("the new target written in place", [&] { write(root / "archive/site/cert2.pem", "2a"); });
  write(root / "archive/site/cert1.pem", "1b");
  EXPECT_EQ(told(), 0) << "the old target is nobody's business any more";
}

TEST_F(FileWatchTest, followsALinkedDirectoryThatIsSwapped) {
  // As Kubernetes has it: server.pem -> ..data/server.pem, ..data -> ..1, and ..data is renamed over.
  for (const char* version : {"..1", "..2", "..3"}) {
    fs::create_directory(root / version);
    write(root / version / "server.pem", version);
  }
  fs::create_directory_symlink("..1", root / "..data");
  fs::create_symlink("..data/server.pem", root / "server.pem");
  watch.watch({root / "server.pem"});
  for (const char* version : {"..2", "..3"}) {
    expectToldOf(version, [&] {
      fs::create_directory_symlink(version, root / "..data_tmp");
      fs::rename(root / "..data_tmp", root / "..data");
    });
  }
}

TEST_F(FileWatchTest, aDirectoryStandsForWhatIsInIt) {
  const fs::path folder = root / "tenant-ca.d";
  fs::create_directory(folder);
  write(root / "elsewhere.pem", "1");
  watch.watch({folder});
  expectToldOf("a file came", [&] { write(folder / "a.pem", "1"); });
  expectToldOf("a file changed", [&] { write(folder / "a.pem", "2"); });
  expectToldOf("a link came", [&] { fs::create_symlink(root / "elsewhere.pem", folder / "b.pem"); });
  expectToldOf("what it points to changed", [&] { write(root / "elsewhere.pem", "2"); });
  expectToldOf("a file went", [&] { fs::remove(folder / "a.pem"); });
}

TEST_F(FileWatchTest, aDirectoryMayBeReplacedAsAWhole) {
  const fs::path folder = root / "a/b/tenant-ca.d";
  fs::create_directories(folder);
  write(folder / "a.pem", "1");
  watch.watch({folder, folder / "a.pem"});
  expectToldOf("moved away with its parent", [&] { fs::rename(root / "a", root / "old"); });
  expectToldOf("another one came", [&] {
    fs::create_directories(folder);
    write(folder / "a.pem", "2");
  });
  expectToldOf("and is watched", [&] { write(folder / "a.pem", "3"); });
  write(root / "old/b/tenant-ca.d/a.pem", "4");
  EXPECT_EQ(told(), 0) << "the old one is not any more";
}

TEST_F(FileWatchTest, awaitsWhatIsNotThereYet) {
  const fs::path file = root / "later/still/deny.txt";
  watch.watch({file});
  expectToldOf("a part of the way", [&] { fs::create_directory(root / "later"); });
  expectToldOf("the rest of it", [&] { fs::create_directory(root / "later/still"); });
  expectToldOf("the file", [&] { write(file, "1"); });
}

TEST_F(FileWatchTest, aBurstIsToldOnceItHasSettledButNotLaterThanASecond) {
  const fs::path file = root / "deny.txt";
  watch.watch({file});
  write(file, "1");
  pass(150ms);
  write(file, "2");
  pass(150ms);
  EXPECT_EQ(calls, 0);
  pass(50ms);
  EXPECT_EQ(std::exchange(calls, 0), 1) << "200 ms after the last";
  EXPECT_EQ(told(), 0);
  for (int round = 0; round < 11; ++round) {
    write(file, std::to_string(round));
    pass(100ms);
  }
  EXPECT_EQ(calls, 1) << "a second after the first of a burst without end";
}

TEST_F(FileWatchTest, aNewSetReplacesTheOld) {
  write(root / "a", "1");
  write(root / "b", "1");
  watch.watch({root / "a"});
  watch.watch({root / "b"});
  write(root / "a", "2");
  EXPECT_EQ(told(), 0);
  expectToldOf("b", [&] { write(root / "b", "2"); });
}

TEST_F(FileWatchTest, survivesAQueueThatRunsOver) {
  const fs::path folder = root / "tenant-ca.d";
  fs::create_directory(folder);
  watch.watch({folder});
  // More than the kernel keeps for one reader.
  std::size_t most = 16384;
  std::ifstream{"/proc/sys/fs/inotify/max_queued_events"} >> most;
  if (most > 100'000) GTEST_SKIP() << "the queue of this machine is too long: " << most;
  const fs::path one = folder / "1.pem";
  const fs::path two = folder / "2.pem";
  write(one, "1");
  for (std::size_t round = 0; round < most / 2 + 10; ++round) {
    fs::rename(one, two);
    fs::rename(two, one);
  }
  EXPECT_EQ(told(), 1);
  expectToldOf("a change after it", [&] { write(one, "2"); });
}

TEST_F(FileWatchTest, looksItselfEveryFiveMinutes) {
  const fs::path file = root / "deny.txt";
  write(file, "1");
  watch.watch({file});
  pass(1h);
  EXPECT_EQ(calls, 0);
  // As on a network file system: the file changes and no word of it comes.
  write(file, "22");
  time.pass(5min + 1s);
  EXPECT_EQ(calls, 1);
}

TEST_F(FileWatchTest, looksEveryTwoSecondsWhereTheKernelCannotTell) {
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
  const int next = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  ::close(next);
  const rlimit none{static_cast<rlim_t>(next), before.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &none), 0);
  FileWatch helpless{loop, time.timers, [this] { calls += 10; }};
  setrlimit(RLIMIT_NOFILE, &before);
  const fs::path file = root / "deny.txt";
  helpless.watch({file});
  write(file, "1");
  time.pass(2s + 200ms);
  EXPECT_EQ(calls, 10);
  time.pass(10s);
  EXPECT_EQ(calls, 10);
}

TEST_F(FileWatchTest, mayEndWhileItWaits) {
  auto brief = std::make_unique<FileWatch>(loop, time.timers, [this] { calls += 100; });
  brief->watch({root / "a"});
  write(root / "a", "1");
  loop.poll();
  brief.reset();
  EXPECT_EQ(told(), 0);
}

TEST(FileStamps, nameWhatCameWentAndChanged) {
  const FileStamps before{{"/stays", {.inode = 1}}, {"/goes", {.inode = 2}}, {"/changes", {.inode = 3}}};
  const FileStamps after{{"/stays", {.inode = 1}}, {"/changes", {.inode = 4}}, {"/comes", {.inode = 5}}};
  EXPECT_EQ(differences(before, after), (std::vector<fs::path>{"/changes", "/goes", "/comes"}));
}

TEST(Lookouts, endAtALoopOfLinks) {
  std::string name = (fs::temp_directory_path() / "spheregate-loop-XXXXXX").string();
  ASSERT_NE(mkdtemp(name.data()), nullptr);
  const fs::path root = fs::canonical(name);
  fs::create_symlink("b", root / "a");
  fs::create_symlink("a", root / "b");
  const Lookouts found = lookoutsFor({root / "a"});
  EXPECT_EQ(found.at(root).names, (std::set<std::string>{"a", "b"}));
  fs::remove_all(root);
}

}  // namespace
}  // namespace spheregate::ops
