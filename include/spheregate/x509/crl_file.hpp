#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "spheregate/base/result.hpp"
#include "spheregate/x509/handles.hpp"

namespace spheregate::x509 {

// Every revocation list of a file: one in DER form, or any number in PEM form. One that cannot be read spoils the file. The error names
// the file and the fix.
base::Explained<std::vector<CrlHandle>> readCrls(const std::filesystem::path& file);
// The same of what a file holds; the error does not name it.
base::Explained<std::vector<CrlHandle>> crlsIn(std::string_view content);

}  // namespace spheregate::x509
