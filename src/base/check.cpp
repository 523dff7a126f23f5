#include "spheregate/base/check.hpp"

#include <cstdio>
#include <cstdlib>

namespace spheregate::base {

void checkFailed(const char* expression, const char* file, int line) {
  std::fprintf(stderr, "spheregate: internal check failed: %s (%s:%d)\n", expression, file, line);
  std::abort();
}

}  // namespace spheregate::base
