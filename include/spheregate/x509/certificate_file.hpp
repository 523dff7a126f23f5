#pragma once

#include <filesystem>
#include <vector>

#include "spheregate/x509/handles.hpp"
#include "spheregate/base/result.hpp"

namespace spheregate::x509 {

// Every certificate of a file: one in DER form, or any number in PEM form (a byte order mark, CRLF and text around them do not
// matter). One that cannot be read spoils the file. The error names the file, what it seems to be instead, and the fix.
base::Explained<std::vector<CertificateHandle>> readCertificates(const std::filesystem::path& file);

}  // namespace spheregate::x509
