#include "terminal.hpp"

#include <poll.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "text_table.hpp"

namespace spheregate::app {
namespace {

// What every terminal of the last decades obeys: another page and back, the cursor away and back, home, clear to the end of line and page.
constexpr std::string_view kEnter = "\033[?1049h\033[?25l";
constexpr std::string_view kLeave = "\033[?25h\033[?1049l";
constexpr std::string_view kHome = "\033[H";
constexpr std::string_view kRestOfLine = "\033[K";
constexpr std::string_view kRestOfPage = "\033[J";

constexpr Terminal::Size kUsual{24, 80};

void write(std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(STDOUT_FILENO, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
}

sigset_t heeded() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGWINCH}) sigaddset(&set, signal);
  return set;
}

}  // namespace

bool Terminal::isThere() {
  const char* kind = std::getenv("TERM");
  const bool dumb = kind == nullptr || std::string_view{kind} == "dumb" || *kind == '\0';
  return !dumb && ::isatty(STDIN_FILENO) != 0 && ::isatty(STDOUT_FILENO) != 0;
}

// Keys come one by one and unseen. Ctrl-C and Ctrl-Z are keys too, so that the first leaves in order and the second does not leave a
// page behind that nobody draws.
Terminal::Terminal() {
  const sigset_t set = heeded();
  ::sigprocmask(SIG_BLOCK, &set, nullptr);
  signals_ = ::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
  ::tcgetattr(STDIN_FILENO, &before_);
  termios raw = before_;
  raw.c_lflag &= ~static_cast<tcflag_t>(ECHO | ICANON | ISIG);
  ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &raw);
  write(kEnter);
}

Terminal::~Terminal() {
  write(kLeave);
  ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
  if (signals_ >= 0) ::close(signals_);
  const sigset_t set = heeded();
  ::sigprocmask(SIG_UNBLOCK, &set, nullptr);
}

Terminal::Size Terminal::size() {
  winsize found{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &found) != 0 || found.ws_row == 0 || found.ws_col == 0) return kUsual;
  return {found.ws_row, found.ws_col};
}

void Terminal::draw(const std::vector<std::string>& lines) {
  const Size now = size();
  std::string page{kHome};
  const std::size_t count = std::min(lines.size(), now.rows);
  for (std::size_t row = 0; row < count; ++row) {
    page += cut(lines[row], now.columns);
    page += kRestOfLine;
    // A line break in the last row would move the page up.
    if (row + 1 < now.rows) page += "\r\n";
  }
  if (count < now.rows) page += kRestOfPage;
  write(page);
}

Terminal::Wake Terminal::wait(std::chrono::milliseconds time) {
  const auto end = std::chrono::steady_clock::now() + time;
  while (true) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
    if (left.count() <= 0) return Wake::time;
    std::array<pollfd, 2> watched{{{STDIN_FILENO, POLLIN, 0}, {signals_, POLLIN, 0}}};
    if (::poll(watched.data(), watched.size(), static_cast<int>(left.count())) <= 0) continue;
    if (watched[0].revents != 0 && leaves()) return Wake::leave;
    signalfd_siginfo told{};
    while (signals_ >= 0 && ::read(signals_, &told, sizeof told) == sizeof told) {
      if (told.ssi_signo != static_cast<std::uint32_t>(SIGWINCH)) return Wake::leave;
      return Wake::resized;
    }
  }
}

// Reads the keys. A terminal that is gone leaves too.
bool Terminal::leaves() {
  std::array<char, 64> keys{};
  const ssize_t count = ::read(STDIN_FILENO, keys.data(), keys.size());
  if (count <= 0) return errno != EINTR || count == 0;
  const std::string_view typed{keys.data(), static_cast<std::size_t>(count)};
  constexpr std::string_view kLeaving{"qQ\x03\x04", 4};  // with Ctrl-C and Ctrl-D
  return typed.find_first_of(kLeaving) != std::string_view::npos;
}

}  // namespace spheregate::app
