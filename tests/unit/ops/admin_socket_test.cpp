#include "spheregate/ops/admin_socket.hpp"

#include <gmock/gmock.h>
#include <grp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <cstdlib>
#include <fstream>
#include <future>
#include <thread>

#include "spheregate/base/log.hpp"

namespace spheregate::ops {
namespace {

namespace asio = boost::asio;
namespace fs = std::filesystem;
using Local = asio::local::stream_protocol;
using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

class AdminSocketTest : public ::testing::Test {
 protected:
  AdminSocketTest() {
    base::configureLog(base::LogLevel::silent, base::LogFormat::text);
    std::string name = (fs::temp_directory_path() / "spheregate-admin-XXXXXX").string();
    directory = ::mkdtemp(name.data());
    settings.socket = directory / "run" / "admin.sock";
    thread = std::thread{[this] { loop.run(); }};
  }
  ~AdminSocketTest() override {
    onLoop([this] { socket.reset(); });
    work.reset();
    loop.stop();
    thread.join();
    fs::remove_all(directory);
  }
  template <class Job>
  void onLoop(Job job) {
    std::promise<void> done;
    asio::post(loop, [&] {
      job();
      done.set_value();
    });
    done.get_future().wait();
  }
  // What is wrong, or nothing.
  std::string open(const AdminSettings& wanted) {
    std::string error;
    onLoop([&] {
      auto opened = AdminSocket::open(loop, wanted, [this](const AdminRequest& request, AdminReply reply) {
        if (request.path == "/never") return;
        if (request.path != "/later") return reply(answer(request));
        timer.expires_after(std::chrono::milliseconds{50});
        timer.async_wait([this, request, reply = std::move(reply)](boost::system::error_code) { reply(answer(request)); });
      });
      if (opened)
        socket = std::move(*opened);
      else
        error = opened.error();
    });
    return error;
  }
  AdminAnswer answer(const AdminRequest& request) {
    std::string told = request.method + " " + request.path;
    for (const auto& [key, value] : request.query) told += " " + key + "=" + value;
    return {request.path == "/missing" ? 404u : 200u, told + " uid=" + std::to_string(request.uid)};
  }
  std::string ask(const std::string& method, const std::string& target) {
    asio::io_context own;
    Local::socket client{own};
    client.connect(Local::endpoint{settings.socket.string()});
    asio::write(client, asio::buffer(method + " " + target + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"));
    std::string all;
    boost::system::error_code error;
    asio::read(client, asio::dynamic_buffer(all), error);
    return all;
  }

  fs::path directory;
  AdminSettings settings;
  asio::io_context loop{1};
  asio::executor_work_guard<asio::io_context::executor_type> work{loop.get_executor()};
  asio::steady_timer timer{loop};
  std::unique_ptr<AdminSocket> socket;
  std::thread thread;
};

TEST_F(AdminSocketTest, tellsWhatIsAskedAndByWhom) {
  ASSERT_EQ(open(settings), "");
  const std::string me = " uid=" + std::to_string(::getuid());
  EXPECT_THAT(ask("GET", "/devices/a%2Fb%20c?limit=5&search=x%26y&flag"),
              AllOf(StartsWith("HTTP/1.1 200 "), HasSubstr("Content-Type: application/json\r\n"),
                    EndsWith("GET /devices/a/b c flag= limit=5 search=x&y" + me)));
  EXPECT_THAT(ask("POST", "/reload"), EndsWith("POST /reload" + me));
  EXPECT_THAT(ask("GET", "/missing"), StartsWith("HTTP/1.1 404 "));
  EXPECT_THAT(ask("DELETE", "/devices"), AllOf(StartsWith("HTTP/1.1 405 "), HasSubstr("Allow: GET, HEAD, POST\r\n")));
  for (const char* target : {"/%", "/%2", "/%zz", "/%00", "/a?b=%f"}) EXPECT_THAT(ask("GET", target), StartsWith("HTTP/1.1 400 ")) << target;
}

TEST_F(AdminSocketTest, anAnswerMayTakeItsTimeOrNeverCome) {
  ASSERT_EQ(open(settings), "");
  EXPECT_THAT(ask("GET", "/later?x=1"), AllOf(StartsWith("HTTP/1.1 200 "), HasSubstr("GET /later x=1")));
  EXPECT_EQ(ask("GET", "/never"), "") << "nobody answers, so the connection ends";
  // The socket goes while an answer is awaited.
  auto waiting = std::async(std::launch::async, [this] { return ask("GET", "/later"); });
  std::this_thread::sleep_for(std::chrono::milliseconds{20});
  onLoop([this] { socket.reset(); });
  EXPECT_EQ(waiting.get(), "");
}

TEST_F(AdminSocketTest, isForItsOwnerAndItsGroup) {
  ASSERT_EQ(open(settings), "");
  struct stat found {};
  ASSERT_EQ(::stat(settings.socket.c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 07777, 0660u);
  EXPECT_EQ(fs::status(settings.socket.parent_path()).permissions(), fs::perms{0755});
  AdminSettings other = settings;
  other.socket = directory / "grouped.sock";
  other.group = "no-such-group";
  EXPECT_THAT(open(other), HasSubstr("admin.group: there is no group no-such-group"));
  EXPECT_FALSE(fs::exists(other.socket)) << "what was made for it is gone";
  other.group = ::getgrgid(::getgid())->gr_name;
  EXPECT_EQ(open(other), "");
}

TEST_F(AdminSocketTest, replacesWhatADeadProcessLeftAndNothingElse) {
  fs::create_directories(settings.socket.parent_path());
  {
    asio::io_context own;
    Local::acceptor dead{own, Local::endpoint{settings.socket.string()}};
  }
  ASSERT_TRUE(fs::exists(settings.socket));
  ASSERT_EQ(open(settings), "");
  EXPECT_THAT(ask("GET", "/status"), StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(open(settings), AllOf(HasSubstr(settings.socket.string()), HasSubstr("another process serves this socket")));
  EXPECT_THAT(ask("GET", "/status"), StartsWith("HTTP/1.1 200 ")) << "the one that was there still serves";
  AdminSettings file = settings;
  file.socket = directory / "file";
  std::ofstream{file.socket} << "precious";
  EXPECT_THAT(open(file), HasSubstr("there is a file that is no socket"));
  EXPECT_TRUE(fs::exists(file.socket));
}

TEST_F(AdminSocketTest, leavesNothingBehindAndTakesNothingAlong) {
  ASSERT_EQ(open(settings), "");
  onLoop([this] { socket.reset(); });
  EXPECT_FALSE(fs::exists(settings.socket));
  ASSERT_EQ(open(settings), "");
  fs::remove(settings.socket);
  std::ofstream{settings.socket} << "somebody else's";
  onLoop([this] { socket.reset(); });
  EXPECT_TRUE(fs::exists(settings.socket));
}

TEST_F(AdminSocketTest, whatCannotBeMadeIsExplained) {
  AdminSettings wrong = settings;
  wrong.socket = directory / std::string(120, 'x');
  EXPECT_THAT(open(wrong), AllOf(HasSubstr("a socket's has at most 107"), HasSubstr("choose a shorter one")));
  std::ofstream{directory / "file"} << "x";
  wrong.socket = directory / "file" / "admin.sock";
  EXPECT_THAT(open(wrong), HasSubstr("cannot make its directory"));
}

}  // namespace
}  // namespace spheregate::ops
