#pragma once

#include <string_view>
#include <vector>

#include "spheregate/base/result.hpp"
#include "spheregate/x509/handles.hpp"

namespace spheregate::x509 {

// What becomes of a PKCS#7 container.
enum class Container : std::uint8_t { refused, opened };

// The certificates of a file's content, in its order. The error begins with what the content is instead, and ends with the fix.
base::Explained<std::vector<CertificateHandle>> certificatesOf(std::string_view content, Container container);

}  // namespace spheregate::x509
