#pragma once

#include <filesystem>
#include <string_view>
#include <vector>

#include "spheregate/base/result.hpp"
#include "spheregate/x509/handles.hpp"

namespace spheregate::x509 {

// Every certificate of a file: one in DER form, or any number in PEM form (a byte order mark, CRLF and text around them do not
// matter). One that cannot be read spoils the file. The error names the file, what it seems to be instead, and the fix.
base::Explained<std::vector<CertificateHandle>> readCertificates(const std::filesystem::path& file);

// The same, and a PKCS#7 container in DER or PEM form is opened: what people download and import, not what the daemon reads.
base::Explained<std::vector<CertificateHandle>> readCertificatesOfAnyKind(const std::filesystem::path& file);
// The same for content that is no file; the error does not say where it came from.
base::Explained<std::vector<CertificateHandle>> certificatesOfAnyKind(std::string_view content);

}  // namespace spheregate::x509
