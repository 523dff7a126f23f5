#pragma once

#include <memory>
#include <utility>

#include "connection.hpp"
#include "spheregate/base/wire.hpp"

namespace spheregate::tls {

// The Wire over TLS. What it stands for is in Connection, which may live longer: a closed stream still sends its rest after its
// owner has destroyed it.
class Stream final : public base::Wire {
 public:
  Stream(boost::asio::io_context& loop, Established established)
      : connection_{std::make_shared<Connection>(loop, std::move(established))} {}
  ~Stream() override {
    if (!closed_) connection_->drop();
  }

  void attach(base::WireUser& user) override { connection_->attach(user); }
  base::Bytes& outbox() override { return connection_->outbox(); }
  void flush() override { connection_->flush(); }
  std::size_t backlog() const override { return connection_->backlog(); }
  void pauseReading() override { connection_->pauseReading(); }
  void resumeReading() override { connection_->resumeReading(); }
  void close() override {
    closed_ = true;
    connection_->close();
  }
  void admitted() override { connection_->admitted(); }
  std::string_view peer() const override { return connection_->peer(); }

 private:
  std::shared_ptr<Connection> connection_;
  bool closed_ = false;
};

}  // namespace spheregate::tls
