#include "hubsim/base64.hpp"

#include <openssl/evp.h>

namespace spheregate::hubsim {

void appendBase64(std::string& out, base::ByteView bytes) {
  const std::size_t start = out.size();
  out.resize(start + 4 * ((bytes.size() + 2) / 3) + 1);  // EVP_EncodeBlock ends with a NUL
  auto* to = reinterpret_cast<unsigned char*>(out.data() + start);
  const int written = EVP_EncodeBlock(to, bytes.data(), static_cast<int>(bytes.size()));
  out.resize(start + static_cast<std::size_t>(written));
}

}  // namespace spheregate::hubsim
