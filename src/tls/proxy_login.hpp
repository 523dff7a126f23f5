#pragma once

#include <string>

#include "spheregate/base/result.hpp"
#include "spheregate/tls/settings.hpp"

namespace spheregate::tls {

// The value of Proxy-Authorization (Basic, RFC 7617), with the password read from its file; empty without a user. The error
// names the file and never what is in it.
base::Explained<std::string> proxyLogin(const ProxySettings& settings);

}  // namespace spheregate::tls
