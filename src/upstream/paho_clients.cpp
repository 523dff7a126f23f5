#include <memory>
#include <utility>

#include "paho_caller.hpp"
#include "paho_connection.hpp"
#include "spheregate/base/check.hpp"
#include "spheregate/upstream/control_client.hpp"

namespace spheregate::upstream {
namespace {

class PahoClient final : public ControlClient {
 public:
  PahoClient(PahoCaller& caller, const PahoConnection::Post& post, ControlUser& user, Keep keep)
      : caller_{caller}, post_{post}, user_{user}, keep_{std::move(keep)} {}
  ~PahoClient() override { disconnect(); }

  void connect(const ControlAddress& address, const ControlLogin& login, std::chrono::seconds keepAlive,
               std::chrono::milliseconds patience) override {
    SPHEREGATE_CHECK(!connection_ || connection_->ended());
    connection_ = std::make_shared<PahoConnection>(caller_, post_, user_, keep_);
    connection_->begin({.address = address, .login = login, .keepAlive = keepAlive, .patience = patience});
  }
  void subscribe(std::string filter, int qos) override {
    if (connection_) connection_->subscribe(std::move(filter), qos);
  }
  void unsubscribe(std::string filter) override {
    if (connection_) connection_->unsubscribe(std::move(filter));
  }
  bool publish(std::string topic, base::Bytes payload, int qos, bool retain, std::uint64_t token) override {
    return connection_ && connection_->publish(std::move(topic), payload, qos, retain, token);
  }
  void disconnect() override {
    if (connection_) connection_->end();
    connection_.reset();
  }

 private:
  PahoCaller& caller_;
  const PahoConnection::Post& post_;
  ControlUser& user_;
  Keep keep_;
  std::shared_ptr<PahoConnection> connection_;
};

class PahoClients final : public ControlClients {
 public:
  explicit PahoClients(PahoConnection::Post post) : post_{std::move(post)} {
    // Paho tears down its threads and lists with its last client, and sets them up with the next. One that never connects spares
    // that, and every race in it.
    caller_.queue([this] {
      anchor_ = std::make_unique<mqtt::async_client>("ssl://localhost", "anchor", mqtt::create_options{});
    });
  }
  ~PahoClients() override {
    caller_.queue([this] { anchor_.reset(); });
  }

  std::unique_ptr<ControlClient> make(ControlUser& user, ControlClient::Keep keep) override {
    return std::make_unique<PahoClient>(caller_, post_, user, std::move(keep));
  }

 private:
  PahoConnection::Post post_;
  std::unique_ptr<mqtt::async_client> anchor_;  // the caller thread's
  PahoCaller caller_;
};

}  // namespace

std::unique_ptr<ControlClients> makePahoClients(std::function<void(std::function<void()>)> post) {
  return std::make_unique<PahoClients>(std::move(post));
}

}  // namespace spheregate::upstream
