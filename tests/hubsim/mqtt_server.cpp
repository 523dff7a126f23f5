#include "hubsim/mqtt_server.hpp"

#include <chrono>
#include <memory>

#include "hubsim/tls_wire.hpp"
#include "spheregate/base/log.hpp"

namespace spheregate::hubsim {

namespace asio = boost::asio;

MqttServer::MqttServer(asio::io_context& loop, const asio::ip::tcp::endpoint& at, const TlsContext& tls, Reception& reception)
    : acceptor_{loop, at}, tls_{tls}, reception_{reception}, retry_{reception.timers()} {
  // The default backlog of Asio is the system's largest.
  acceptNext();
}

void MqttServer::acceptNext() {
  acceptor_.async_accept([this](boost::system::error_code error, asio::ip::tcp::socket socket) {
    if (error == asio::error::operation_aborted) return;
    if (error) {
      // Out of file descriptors, most likely: let some connections go first.
      base::logWarn("accept failed", {{"reason", error.message()}});
      retry_.after(std::chrono::milliseconds{100}, [this] { acceptNext(); });
      return;
    }
    welcome(std::move(socket));
    acceptNext();
  });
}

void MqttServer::welcome(asio::ip::tcp::socket socket) {
  if (!reception_.acceptsConnections()) return;
  auto wire = std::make_shared<TlsWire>(std::move(socket), tls_.handle(), reception_.timers());
  // The wire keeps itself alive while it waits, so the callback needs no more than its address.
  wire->handshake([this, raw = wire.get()](std::string_view problem) {
    if (!problem.empty()) return reception_.handshakeFailed(raw->peer(), problem);
    const auto self = std::static_pointer_cast<TlsWire>(raw->shared_from_this());
    if (!reception_.acceptsConnections()) return self->close();
    reception_.admit(self, tls_.judge(self->ssl()));
  });
}

}  // namespace spheregate::hubsim
