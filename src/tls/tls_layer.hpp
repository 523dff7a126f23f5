#pragma once

#include <algorithm>
#include <array>
#include <boost/asio/async_result.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/beast/core/bind_handler.hpp>
#include <boost/beast/core/role.hpp>
#include <memory>
#include <utility>

#include "ssl_socket.hpp"

namespace spheregate::tls {

// An SslSocket in the shape that Beast builds on (Asio's AsyncReadStream and AsyncWriteStream).
class TlsLayer {
 public:
  using executor_type = boost::asio::io_context::executor_type;

  explicit TlsLayer(std::shared_ptr<SslSocket> socket) : socket_{std::move(socket)} {}
  ~TlsLayer() { socket_->shut(); }
  TlsLayer(const TlsLayer&) = delete;
  TlsLayer& operator=(const TlsLayer&) = delete;

  executor_type get_executor() const { return socket_->loop().get_executor(); }

  template <class Buffers, class Token>
  auto async_read_some(const Buffers& buffers, Token&& token) {
    return boost::asio::async_initiate<Token, Signature>(
        [socket = socket_.get()](auto handler, const Buffers& rooms) { socket->read(firstOf(rooms), done(std::move(handler))); },
        token, buffers);
  }

  template <class Buffers, class Token>
  auto async_write_some(const Buffers& buffers, Token&& token) {
    return boost::asio::async_initiate<Token, Signature>(
        [socket = socket_.get()](auto handler, const Buffers& pieces) {
          // Header and payload of a frame leave in one record.
          std::array<std::uint8_t, kRecordBytes> record;
          const std::size_t size = boost::asio::buffer_copy(boost::asio::buffer(record), pieces);
          socket->write(base::ByteView{record.data(), size}, done(std::move(handler)));
        },
        token, buffers);
  }

  // Beast calls these when its closing handshake is done, or has taken too long.
  template <class Handler>
  friend void async_teardown(boost::beast::role_type, TlsLayer& layer, Handler&& handler) {
    layer.socket_->sayGoodbye();
    boost::asio::post(layer.get_executor(),
                      boost::beast::bind_handler(std::forward<Handler>(handler), boost::system::error_code{}));
  }
  friend void beast_close_socket(TlsLayer& layer) { layer.socket_->shut(); }

 private:
  using Signature = void(boost::system::error_code, std::size_t);
  static constexpr std::size_t kRecordBytes = 16 * 1024;

  // The handlers of Beast can only be moved.
  template <class Handler>
  static SslSocket::Done done(Handler handler) {
    return [shared = std::make_shared<Handler>(std::move(handler))](const boost::system::error_code& error, std::size_t size) {
      (*shared)(error, size);
    };
  }

  template <class Buffers>
  static std::span<std::uint8_t> firstOf(const Buffers& buffers) {
    for (auto at = boost::asio::buffer_sequence_begin(buffers); at != boost::asio::buffer_sequence_end(buffers); ++at) {
      const boost::asio::mutable_buffer buffer{*at};
      if (buffer.size() > 0) return {static_cast<std::uint8_t*>(buffer.data()), buffer.size()};
    }
    return {};
  }

  std::shared_ptr<SslSocket> socket_;
};

}  // namespace spheregate::tls
