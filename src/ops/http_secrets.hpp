#pragma once

#include <boost/asio/ssl/context.hpp>
#include <memory>
#include <optional>

#include "login.hpp"
#include "spheregate/base/result.hpp"
#include "spheregate/ops/settings.hpp"

namespace spheregate::ops {

// What stands in the files that the settings name.
struct HttpSecrets {
  std::shared_ptr<boost::asio::ssl::context> tls;  // null: in the clear
  std::optional<Login> login;                      // nothing: everybody may ask
};

// The error names the key of the configuration and the file, and what to do.
base::Explained<HttpSecrets> readSecrets(const HttpSettings& settings);

}  // namespace spheregate::ops
