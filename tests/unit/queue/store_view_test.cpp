#include "spheregate/queue/store_view.hpp"

#include <sys/file.h>
#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <gmock/gmock.h>
#include <iterator>
#include <map>
#include <thread>

#include "spheregate/queue/posix_disk.hpp"
#include "store_fixture.hpp"

// A store on a real disk that is looked at while no daemon runs.
namespace spheregate::queue {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class StoreViewTest : public StoreTest {
 protected:
  StoreViewTest() {
    std::string name = (fs::temp_directory_path() / "spheregate-view-XXXXXX").string();
    directory = ::mkdtemp(name.data());
    store_ = directory / "queue";
  }
  ~StoreViewTest() override {
    life.reset();
    fs::remove_all(directory);
  }
  void run() {
    posix = *openPosixDisk(store_);
    life = std::make_unique<Life>(settings, *posix, time.timers);
  }
  void stop() {
    life.reset();
    posix.reset();
  }
  // Every file with its content.
  std::map<std::string, std::string> snapshot() {
    std::map<std::string, std::string> files;
    for (const auto& entry : fs::recursive_directory_iterator{store_}) {
      if (!entry.is_regular_file()) continue;
      std::ifstream stream{entry.path(), std::ios::binary};
      files[entry.path().string()] = {std::istreambuf_iterator<char>{stream}, {}};
    }
    return files;
  }
  std::unique_ptr<StoreView> view() {
    auto opened = StoreView::open(store_);
    EXPECT_TRUE(opened) << opened.error();
    return opened ? std::move(*opened) : nullptr;
  }
  static std::vector<int> numbersIn(StoreView& view, std::size_t device) {
    std::vector<int> numbers;
    view.forEachMessage(device, [&](const MessageCopy& copy) {
      EXPECT_EQ(copy.fault, "");
      EXPECT_EQ(copy.sequence, numbers.size() + 1);
      numbers.push_back(std::stoi(std::string{base::asText(copy.body)}));
      return true;
    });
    return numbers;
  }

  fs::path directory;
  fs::path store_;
  std::unique_ptr<Disk> posix;
};

TEST_F(StoreViewTest, showsWhatIsThereAndChangesNothing) {
  run();
  store(device(), 1, 200);
  store(device("other"), 1, 5);
  for (int count = 0; count < 40; ++count) {
    if (const auto outgoing = custody().next(device(), 64)) custody().delivered(device(), outgoing->sequence);
  }
  settle();
  const auto letter = custody().next(device("other"), 8);
  custody().deadLetter(device("other"), letter->sequence, letter->body, DeadReason::refused, "why");
  settle();
  const Ledger first = custody().state(device()).ledger;
  const Ledger second = custody().state(device("other")).ledger;
  stop();
  const auto before = snapshot();
  const auto seen = view();
  ASSERT_TRUE(seen);
  ASSERT_EQ(seen->deviceCount(), 2u);
  EXPECT_EQ(seen->device(0).id, "device-1");
  EXPECT_EQ(seen->device(0).ledger, first);
  EXPECT_EQ(seen->device(1).ledger, second);
  EXPECT_EQ(seen->device(0).messages, 160u);
  EXPECT_EQ(seen->device(0).missing, 0u);
  EXPECT_EQ(numbersIn(*seen, 0), range(41, 160));
  EXPECT_EQ(numbersIn(*seen, 1), range(2, 4));
  ASSERT_EQ(seen->deadLetters().size(), 1u);
  EXPECT_EQ(seen->deadLetter(seen->deadLetters()[0], true).device, "other");
  EXPECT_EQ(base::asText(seen->deadLetter(seen->deadLetters()[0], true).body), body(1));
  EXPECT_TRUE(seen->untouched());
  EXPECT_EQ(snapshot(), before);
}

TEST_F(StoreViewTest, tellsWhatIsMissingAndLeavesTheDamageAlone) {
  run();
  store(device(), 1, 100);
  stop();
  // One byte in the middle of a record of each of two segments, and one segment is gone.
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator{store_}) files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  std::erase_if(files, [](const fs::path& file) { return file.extension() != ".seg"; });
  ASSERT_GE(files.size(), 2u);
  {
    std::fstream stream{files[0], std::ios::in | std::ios::out | std::ios::binary};
    stream.seekp(2000);
    stream.put('\x01');
    stream.put('\x02');
  }
  const auto before = snapshot();
  const auto seen = view();
  ASSERT_TRUE(seen);
  const StoredDevice found = seen->device(0);
  EXPECT_EQ(found.missing, 1u);
  EXPECT_EQ(found.messages, 99u);
  EXPECT_EQ(found.ledger.dropped, 0u) << "the daemon will count it at its next start, and has not yet";
  EXPECT_GT(seen->facts().damagedBytes, 0u);
  EXPECT_EQ(snapshot(), before) << "nothing is set aside by who only looks";
}

TEST_F(StoreViewTest, isRefusedWhileADaemonRuns) {
  run();
  const auto refused = StoreView::open(store_);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error(), HasSubstr("a gateway runs with this store"));
  stop();
  const auto seen = view();
  ASSERT_TRUE(seen);
  run();
  const auto touched = seen->untouched();
  ASSERT_FALSE(touched);
  EXPECT_THAT(touched.error(), HasSubstr("a gateway was started with this store meanwhile"));
  store(device(), 1, 1);
  stop();
  EXPECT_THAT(seen->untouched().error(), HasSubstr("was changed meanwhile"));
}

TEST_F(StoreViewTest, thatIsNotThereIsExplained) {
  const auto none = StoreView::open(directory / "nothing");
  ASSERT_FALSE(none);
  EXPECT_THAT(none.error(), HasSubstr("no gateway has made a store there yet"));
}

// Whoever looks takes the lock for a moment; a daemon that starts then waits for it.
TEST_F(StoreViewTest, keepsNoDaemonFromStarting) {
  run();
  stop();
  const int place = ::open(store_.c_str(), O_RDONLY | O_DIRECTORY);
  ASSERT_EQ(::flock(place, LOCK_SH | LOCK_NB), 0);
  std::thread later{[place] {
    std::this_thread::sleep_for(std::chrono::milliseconds{120});
    ::close(place);
  }};
  const auto opened = openPosixDisk(store_);
  later.join();
  EXPECT_TRUE(opened) << opened.error();
}

}  // namespace
}  // namespace spheregate::queue
