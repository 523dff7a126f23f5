#pragma once

#include <cstdint>
#include <string>

namespace spheregate::ops {

struct HttpSettings {
  std::string address = "127.0.0.1";
  std::uint16_t port = 9464;  // 0: any free port
};

}  // namespace spheregate::ops
