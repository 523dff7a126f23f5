#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace spheregate::load {

// `crowd`: devices only, for a gateway that has a hub of its own.
enum class Mode { closed, paced, idle, handshake, crowd };

struct Options {
  Mode mode = Mode::closed;
  std::string pki;
  std::uint16_t sinkPort = 0;
  std::size_t devices = 50;
  std::size_t window = 10;
  double rate = 20000;  // messages a second, all devices together
  std::size_t payloadBytes = 256;
  double warmupSeconds = 2;
  double seconds = 5;
  double drainSeconds = 60;     // at most, and only while messages arrive
  std::size_t connecting = 32;  // handshakes at a time
  std::uint64_t pubackDelayMs = 0;
  unsigned threads = 1;
};

}  // namespace spheregate::load
