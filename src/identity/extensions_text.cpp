#include "extensions_text.hpp"

#include <openssl/x509v3.h>

#include <algorithm>

#include "spheregate/x509/handles.hpp"

namespace spheregate::identity {
namespace {

constexpr std::size_t kValueBytesMax = 120;
constexpr std::size_t kBytesMax = 600;

// Values run over several lines, and an issuer may put anything into them.
std::string oneLine(const BIO& memory) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(const_cast<BIO*>(&memory), &data);
  std::string text;
  for (long at = 0; at < size && text.size() < kValueBytesMax; ++at) {
    const char c = data[at];
    const bool blank = c == ' ' || c == '\n' || c == '\t';
    if (blank && (text.empty() || text.back() == ' ')) continue;
    text += blank ? ' ' : c > ' ' && c < 0x7f ? c : '?';
  }
  while (!text.empty() && text.back() == ' ') text.pop_back();
  return text;
}

std::string textOf(X509_EXTENSION& extension) {
  const x509::BioHandle name{BIO_new(BIO_s_mem())};
  i2a_ASN1_OBJECT(name.get(), X509_EXTENSION_get_object(&extension));
  const x509::BioHandle value{BIO_new(BIO_s_mem())};
  if (X509V3_EXT_print(value.get(), &extension, X509V3_EXT_DUMP_UNKNOWN, 0) != 1) BIO_puts(value.get(), "unreadable");
  const std::string shown = oneLine(*value);
  return oneLine(*name) + (X509_EXTENSION_get_critical(&extension) != 0 ? " (critical): " : ": ") + (shown.empty() ? "empty" : shown);
}

}  // namespace

std::string extensionsText(X509& certificate) {
  std::string text;
  for (int at = 0; at < X509_get_ext_count(&certificate) && text.size() < kBytesMax; ++at) {
    if (at > 0) text += "; ";
    text += textOf(*X509_get_ext(&certificate, at));
  }
  if (text.empty()) return "none";
  text.resize(std::min(text.size(), kBytesMax));
  return text;
}

}  // namespace spheregate::identity
