#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>

namespace spheregate::ops {

struct HttpPlace {
  std::string address = "127.0.0.1";
  std::uint16_t port = 9464;  // 0: any free port
};

struct HttpSettings {
  HttpPlace listen;
  // PEM, both or none: with TLS, or in the clear.
  std::filesystem::path certificate;
  std::filesystem::path privateKey;
  // Both or none: who asks needs a password.
  std::string user;  // without a colon
  std::filesystem::path passwordFile;
  std::size_t connectionsMax = 64;             // above it the one that has been quiet longest ends
  std::chrono::milliseconds deadline{10'000};  // to send a request, and again to take the answer; also for an idle connection
};

struct AdminSettings {
  std::filesystem::path socket = "/run/spheregate/admin.sock";  // empty: none
  bool socketGiven = false;                                     // somebody wrote the path down and relies on it
  std::string group;                                            // whose members may use it; empty: the gateway's own group
};

}  // namespace spheregate::ops
