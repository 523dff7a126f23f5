#pragma once

#include <boost/beast/http/status.hpp>
#include <string>

namespace spheregate::tls {

inline constexpr const char* kUserAgent = "spheregate";

// `404 Not Found`. The words are ours, because those of the other side may be anything.
inline std::string statusText(unsigned status) {
  const auto words = boost::beast::http::obsolete_reason(boost::beast::http::int_to_status(status));
  return std::to_string(status) + " " + std::string{words.data(), words.size()};
}

}  // namespace spheregate::tls
