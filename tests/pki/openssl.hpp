#pragma once

#include <openssl/bio.h>

#include <memory>
#include <stdexcept>
#include <string>

namespace spheregate::testpki {

// Test tools end on the first thing OpenSSL refuses.
template <class Value>
Value needed(Value value, const char* what) {
  if (!value) throw std::runtime_error{std::string{"OpenSSL did not make "} + what};
  return value;
}

struct BioFree {
  void operator()(BIO* bio) const { BIO_free(bio); }
};
using Bio = std::unique_ptr<BIO, BioFree>;

inline Bio memoryBio() { return Bio{needed(BIO_new(BIO_s_mem()), "a buffer")}; }

inline std::string textOf(BIO& bio) {
  char* data = nullptr;
  const long length = BIO_get_mem_data(&bio, &data);
  return std::string(data, static_cast<std::size_t>(length));
}

}  // namespace spheregate::testpki
