#include "subprocess.hpp"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <optional>

namespace spheregate::app {
namespace {

using Explained = base::Explained<std::string>;
using Time = std::chrono::steady_clock::time_point;

// Starts it with stdout into `pipe` and everything else closed or nowhere; the error number.
int spawn(const std::vector<std::string>& command, int pipe, pid_t& child) {
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  ::posix_spawn_file_actions_adddup2(&actions, pipe, STDOUT_FILENO);
  ::posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  std::vector<char*> arguments;
  for (const std::string& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  const char* path = std::getenv("PATH");
  std::string ownPath = std::string{"PATH="} + (path == nullptr ? "/usr/sbin:/usr/bin:/sbin:/bin" : path);
  std::string language = "LC_ALL=C.UTF-8";
  std::array<char*, 3> environment{ownPath.data(), language.data(), nullptr};
  const int problem = ::posix_spawnp(&child, arguments[0], &actions, nullptr, arguments.data(), environment.data());
  ::posix_spawn_file_actions_destroy(&actions);
  return problem;
}

// False when it did not come to its end in time.
bool readAll(int pipe, std::string& out, std::size_t bytesMax, Time end) {
  std::array<char, 16 * 1024> piece{};
  while (out.size() < bytesMax) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - std::chrono::steady_clock::now()).count();
    pollfd ready{pipe, POLLIN, 0};
    if (left <= 0 || ::poll(&ready, 1, static_cast<int>(left)) == 0) return false;
    const ssize_t got = ::read(pipe, piece.data(), piece.size());
    if (got < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (got <= 0) return true;
    out.append(piece.data(), static_cast<std::size_t>(got));
  }
  out.resize(bytesMax);
  return true;
}

}  // namespace

Explained outputOf(const std::vector<std::string>& command, std::size_t bytesMax, std::chrono::seconds patience) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return base::failed<std::string>(std::string{"no pipe: "} + std::strerror(errno));
  pid_t child = 0;
  const int problem = spawn(command, ends[1], child);
  ::close(ends[1]);
  if (problem != 0) {
    ::close(ends[0]);
    return base::failed<std::string>(command[0] + ": " + std::strerror(problem));
  }
  std::string out;
  const bool ended = readAll(ends[0], out, bytesMax, std::chrono::steady_clock::now() + patience);
  ::close(ends[0]);
  // What it still has to say is not wanted.
  ::kill(child, SIGKILL);
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
  if (!ended) return base::failed<std::string>(command[0] + " took longer than " + std::to_string(patience.count()) + " s");
  if (out.empty()) return base::failed<std::string>(command[0] + " said nothing");
  return Explained{boost::system::in_place_value, std::move(out)};
}

}  // namespace spheregate::app
