#pragma once

#include <openssl/ssl.h>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "loop.hpp"
#include "spheregate/base/bytes.hpp"

namespace spheregate::load {

struct SslDeleter {
  void operator()(SSL* ssl) const { SSL_free(ssl); }
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};
using SslPointer = std::unique_ptr<SSL, SslDeleter>;
using SslContextPointer = std::unique_ptr<SSL_CTX, SslDeleter>;

// A TLS connection over a non-blocking socket, made to be cheap: it reads all there is with one system call, and what was
// appended to the outbox leaves as one record. It can be opened again after it was closed.
class TlsStream final : public Loop::Source {
 public:
  class User {
   public:
    virtual void opened() = 0;
    // Returns how many bytes were used up; the rest comes again, in front of what follows. May close the stream.
    virtual std::size_t received(base::ByteView bytes) = 0;
    virtual void closed(std::string_view reason) = 0;

   protected:
    ~User() = default;
  };

  TlsStream(Loop& loop, User& user) : loop_{loop}, user_{user} {}
  TlsStream(const TlsStream&) = delete;
  TlsStream& operator=(const TlsStream&) = delete;
  ~TlsStream();

  void connect(SslPointer ssl, std::uint16_t port);
  void accept(SslPointer ssl, int descriptor);
  base::Bytes& outbox() { return outbox_; }
  void flush();
  // Says goodbye and closes; `closed` is not called.
  void close();
  bool isOpen() const { return state_ == State::open; }

  void ready(std::uint32_t events) override;

 private:
  enum class State { closed, connecting, handshaking, open };

  void begin(SslPointer ssl, int descriptor, State state, std::uint32_t events);
  void shake();
  void read();
  void awaitWriting(bool wanted);
  void fail(std::string_view reason);
  void drop();

  Loop& loop_;
  User& user_;
  State state_ = State::closed;
  int descriptor_ = -1;
  std::uint32_t events_ = 0;
  SslPointer ssl_;
  base::Bytes rest_;
  base::Bytes outbox_;
  std::size_t sent_ = 0;
};

// What both ends share: fast reads, and writes that may stop half way.
void makeCheap(SSL_CTX* context);
// The last OpenSSL error in words; `what` alone when there is none.
std::string tlsProblem(std::string_view what);

}  // namespace spheregate::load
