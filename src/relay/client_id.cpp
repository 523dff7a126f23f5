#include <algorithm>
#include <cctype>

#include "front_parts.hpp"
#include "spheregate/base/utf8.hpp"

namespace spheregate::relay {
namespace {

bool equalIgnoringCase(std::string_view a, std::string_view b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(), [](unsigned char x, unsigned char y) {
           return std::tolower(x) == std::tolower(y);
         });
}

}  // namespace

std::string clientIdMismatch(std::string_view clientId, std::string_view certifiedId) {
  if (clientId.empty()) return "the client id is empty";
  if (equalIgnoringCase(clientId, certifiedId)) return "the client id differs from the certificate's common name in letter case only";
  return "the client id `" + std::string{base::clipUtf8(clientId, 128)} + "` is not the certificate's common name";
}

}  // namespace spheregate::relay
