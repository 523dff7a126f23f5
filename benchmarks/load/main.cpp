#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <iostream>
#include <map>

#include "run.hpp"

namespace {

using namespace spheregate::load;

// Each device takes two descriptors when the peer has a connection to the hub for each.
void raiseFileLimit() {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

void declare(CLI::App& app, Options& options) {
  const std::map<std::string, Mode> modes{
      {"closed", Mode::closed}, {"paced", Mode::paced}, {"idle", Mode::idle}, {"handshake", Mode::handshake}, {"crowd", Mode::crowd}};
  app.add_option("mode", options.mode, "what the devices do")
      ->required()
      ->type_name("closed|paced|idle|handshake|crowd")
      ->transform(CLI::CheckedTransformer(modes).description(""));
  app.add_option("--pki", options.pki, "directory made by spheregate-testpki")->required()->type_name("DIR");
  app.add_option("--sink-port", options.sinkPort, "where the hub's end listens; 0: any free port")->type_name("PORT");
  app.add_option("--devices", options.devices, "how many")->type_name("N")->check(CLI::Range(1, 100000))->capture_default_str();
  app.add_option("--window", options.window, "closed: unacknowledged messages a device")
      ->type_name("N")
      ->check(CLI::Range(1, 2000))
      ->capture_default_str();
  app.add_option("--rate", options.rate, "paced, crowd: messages a second, all devices together")
      ->type_name("N")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  app.add_option("--payload", options.payloadBytes, "bytes")->type_name("N")->check(CLI::Range(24, 65000))->capture_default_str();
  app.add_option("--warmup", options.warmupSeconds, "seconds")->type_name("N")->capture_default_str();
  app.add_option("--seconds", options.seconds, "of measurement")->type_name("N")->capture_default_str();
  app.add_option("--drain", options.drainSeconds, "seconds to wait at most for what is under way")->type_name("N")->capture_default_str();
  app.add_option("--connecting", options.connecting, "handshakes at a time")->type_name("N")->check(CLI::Range(1, 1000))->capture_default_str();
  app.add_option("--puback-delay", options.pubackDelayMs, "ms the hub's end waits; nothing in the drain")->type_name("N")->capture_default_str();
  app.add_option("--threads", options.threads, "1: both ends in one thread; 2: one each")
      ->type_name("N")
      ->check(CLI::Range(1, 2))
      ->capture_default_str();
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app{
      "Plays devices and hub around an MQTT gateway. Writes the sink's port to stderr, reads `PORT PID` of the peer from\n"
      "stdin, and prints one JSON object when it is done."};
  declare(app, options);
  CLI11_PARSE(app, argc, argv);
  std::signal(SIGPIPE, SIG_IGN);
  raiseFileLimit();
  try {
    Run run{options};
    std::cerr << "sink listens on port " << run.sinkPort() << std::endl;
    std::uint16_t port = 0;
    pid_t peer = 0;
    if (!(std::cin >> port >> peer)) throw std::runtime_error{"no line `PORT PID` on stdin"};
    std::cout << run.measure(port, peer).dump(2) << std::endl;
  } catch (const std::exception& error) {
    std::cerr << "spheregate-load: " << error.what() << std::endl;
    return 1;
  }
  return 0;
}
