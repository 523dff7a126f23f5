#pragma once

#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/string_body.hpp>
#include <string>

namespace spheregate::ops {

using HttpRequest = boost::beast::http::request<boost::beast::http::empty_body>;
using HttpAnswer = boost::beast::http::response<boost::beast::http::string_body>;

inline constexpr const char* kPlainText = "text/plain; charset=utf-8";
inline constexpr const char* kJson = "application/json";

// An answer whose header says that it is of this moment, and for this client alone.
HttpAnswer answer(boost::beast::http::status status, const char* contentType, std::string body);
// Makes an answer fit its request: version, length, what HEAD leaves out, whether the connection goes on.
HttpAnswer fitted(HttpAnswer answer, const HttpRequest& request);
// The last thing a connection hears: what came was not a request that is answered here.
HttpAnswer refusal(boost::beast::http::status status, std::string text);

}  // namespace spheregate::ops
