#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <cstdint>
#include <optional>

#include "spheregate/base/result.hpp"

namespace spheregate::ops {

// The name of the socket for devices in spheregate.socket (FileDescriptorName=), and of the one that systemd keeps for us while one
// process replaces another.
inline constexpr const char* kDevicesSocket = "devices";
inline constexpr const char* kKeptDevicesSocket = "devices-kept";

// A TCP socket that listens already. Whoever has this owns the descriptor.
struct InheritedSocket {
  enum class Origin : std::uint8_t {
    socketUnit,    // somebody wrote a unit for it, so it stays where it is
    earlierStart,  // this service bound it itself and asked systemd to keep it
  };

  int descriptor = -1;
  Origin origin = Origin::socketUnit;
  boost::asio::ip::tcp::endpoint address;
};

// What systemd hands over to this process (LISTEN_FDS), or nothing. Every descriptor is closed on exec; one that has another name, is no
// TCP socket that listens, or is one too many is an error that names it and says what to do. Once, before there are other threads: it
// takes the variables out of the environment. When a unit's socket is there, one of an earlier start is abandoned.
base::Explained<std::optional<InheritedSocket>> takeInheritedSocket();

// Stops it listening, also where systemd holds it; then the address is free, and systemd forgets it.
void abandon(const InheritedSocket& socket);

}  // namespace spheregate::ops
