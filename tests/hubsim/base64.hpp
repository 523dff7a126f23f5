#pragma once

#include <string>

#include "spheregate/base/bytes.hpp"

namespace spheregate::hubsim {

void appendBase64(std::string& out, base::ByteView bytes);
inline std::string base64(base::ByteView bytes) {
  std::string out;
  appendBase64(out, bytes);
  return out;
}

}  // namespace spheregate::hubsim
