#pragma once

#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/beast/core/basic_stream.hpp>
#include <memory>
#include <optional>
#include <utility>

namespace spheregate::ops {

// The bytes of one client, over TCP or a Unix socket, in the clear or in TLS. An asynchronous stream in the sense of Asio.
class HttpStream {
 public:
  using Protocol = boost::asio::generic::stream_protocol;
  using Plain = boost::beast::basic_stream<Protocol>;
  using Secure = boost::asio::ssl::stream<Plain&>;
  using executor_type = Plain::executor_type;

  explicit HttpStream(Protocol::socket socket) : plain_{std::move(socket)} {}
  HttpStream(const HttpStream&) = delete;
  HttpStream& operator=(const HttpStream&) = delete;

  executor_type get_executor() noexcept { return plain_.get_executor(); }
  // What lies below; it has the deadlines.
  Plain& plain() { return plain_; }
  // From now on everything goes through TLS, which begins with a handshake.
  Secure& beginTls(std::shared_ptr<boost::asio::ssl::context> context) {
    context_ = std::move(context);
    return secure_.emplace(plain_, *context_);
  }
  // Null in the clear.
  Secure* tls() { return secure_ ? &*secure_ : nullptr; }

  template <class Buffers, class Handler>
  void async_read_some(const Buffers& buffers, Handler&& handler) {
    if (secure_) return secure_->async_read_some(buffers, std::forward<Handler>(handler));
    plain_.async_read_some(buffers, std::forward<Handler>(handler));
  }
  template <class Buffers, class Handler>
  void async_write_some(const Buffers& buffers, Handler&& handler) {
    if (secure_) return secure_->async_write_some(buffers, std::forward<Handler>(handler));
    plain_.async_write_some(buffers, std::forward<Handler>(handler));
  }

 private:
  Plain plain_;
  std::shared_ptr<boost::asio::ssl::context> context_;
  std::optional<Secure> secure_;
};

}  // namespace spheregate::ops
