#pragma once

#include <filesystem>
#include <string_view>
#include <vector>

#include "pki/certificate.hpp"

namespace spheregate::testpki {

void writeFile(const std::filesystem::path& file, std::string_view content);
// Nobody but the owner may read it, from its first byte on.
void writeSecret(const std::filesystem::path& file, std::string_view content);
// STEM.pem, the certificate first and its issuers after it, and STEM.key.
void writePair(const std::filesystem::path& stem, const Issued& issued, const std::vector<Certificate>& issuers);

}  // namespace spheregate::testpki
