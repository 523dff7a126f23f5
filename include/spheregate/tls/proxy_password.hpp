#pragma once

#include <string>

#include "spheregate/base/result.hpp"
#include "spheregate/tls/settings.hpp"

namespace spheregate::tls {

// Read from its file; empty without a user. The error names the file and never what is in it.
base::Explained<std::string> proxyPassword(const ProxySettings& settings);

}  // namespace spheregate::tls
