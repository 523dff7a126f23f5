#pragma once

#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <chrono>

namespace spheregate::app {

// Sends one request and reads the whole answer, or gives up after the patience. Blocks. Asio's own blocking calls wait for ever, whatever
// time-out the socket has.
template <class Stream>
boost::system::error_code exchange(boost::asio::io_context& loop, Stream& stream,
                                   boost::beast::http::request<boost::beast::http::empty_body>& request,
                                   boost::beast::http::response_parser<boost::beast::http::string_body>& answer,
                                   std::chrono::seconds patience) {
  using boost::system::error_code;
  boost::beast::flat_buffer buffer;
  error_code result;
  bool ended = false;
  const auto end = [&](const error_code& error, std::size_t) {
    result = error;
    ended = true;
  };
  boost::beast::http::async_write(stream, request, [&](const error_code& error, std::size_t size) {
    if (error) return end(error, size);
    boost::beast::http::async_read(stream, buffer, answer, end);
  });
  loop.restart();
  loop.run_for(patience);
  if (ended) return result;
  error_code ignored;
  stream.close(ignored);
  loop.restart();
  loop.run();
  return boost::asio::error::timed_out;
}

}  // namespace spheregate::app
