// Writes a fresh PKI for tests, demonstrations and benchmarks into a directory.

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <exception>
#include <string>

#include "pki/directory.hpp"

int main(int argc, char** argv) {
  spheregate::testpki::Options options;
  std::string directory;
  long issuedMinutesAgo = options.issuedAgo.count();
  long validHours = options.validFor.count();
  CLI::App app{"A fresh PKI for tests: tenant CAs, devices, a gateway and a hub, and certificates that must be refused"};
  app.add_option("DIR", directory, "Where to write it; made when it does not exist")->required()->type_name("");
  app.add_option("--devices", options.devices, "How many devices")->type_name("N")->capture_default_str();
  app.add_option("--issued-minutes-ago", issuedMinutesAgo, "When the devices' certificates became valid")->type_name("N")->capture_default_str();
  app.add_option("--valid-hours", validHours, "How long the devices' certificates are valid")->type_name("N")->capture_default_str();
  app.add_flag("--shared-key", options.sharedKey, "One key for all devices: faster, and enough for benchmarks");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  options.directory = directory;
  options.issuedAgo = std::chrono::minutes{issuedMinutesAgo};
  options.validFor = std::chrono::hours{validHours};
  try {
    spheregate::testpki::writePki(options);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "spheregate-testpki: %s\n", error.what());
    return 1;
  }
  std::printf("%s\n", directory.c_str());
  return 0;
}
