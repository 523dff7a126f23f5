#pragma once

#include <termios.h>

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

namespace spheregate::app {

// The terminal on stdin and stdout as one page that is drawn again and again. What was on it before is there again at the end, whatever
// ends the program but SIGKILL.
class Terminal {
 public:
  // Whether both are a terminal that can do this.
  static bool isThere();

  Terminal();
  ~Terminal();
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  struct Size {
    std::size_t rows;
    std::size_t columns;
  };
  static Size size();
  // Lines beyond the rows are left out, and what is too long is cut. Each line is written over the one before, so nothing flickers.
  void draw(const std::vector<std::string>& lines);

  enum class Wake : unsigned char { time, resized, leave };
  // Until the time is over, the window has another size, or somebody wants to leave: by `q`, Ctrl-C, Ctrl-D or a signal.
  Wake wait(std::chrono::milliseconds time);

 private:
  bool leaves();

  termios before_{};
  int signals_ = -1;
};

}  // namespace spheregate::app
