#include <cstdio>
#include <cstdlib>
#include <exception>

#include "spheregate/app/commands.hpp"

int main(int argc, char** argv) {
  // Paho takes a proxy from here, even an empty one, for every connection. The gateway's is `upstream.proxy`, whoever starts it.
  unsetenv("http_proxy");
  unsetenv("https_proxy");
  try {
    return spheregate::app::runCommand(argc, argv);
  } catch (const std::exception& error) {
    // Faults that have an explanation were told where they happened; what arrives here is the machine's: no memory, no threads.
    std::fprintf(stderr, "spheregate: %s\n", error.what());
    return 1;
  }
}
