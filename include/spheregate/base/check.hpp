#pragma once

namespace spheregate::base {

// Writes the failed expression and its place to stderr and aborts: a bug, never something a peer can cause.
[[noreturn]] void checkFailed(const char* expression, const char* file, int line);

}  // namespace spheregate::base

#define SPHEREGATE_CHECK(expression) \
  ((expression) ? static_cast<void>(0) : ::spheregate::base::checkFailed(#expression, __FILE__, __LINE__))
