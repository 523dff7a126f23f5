#include "hubsim/ws_server.hpp"

#include <chrono>
#include <memory>
#include <optional>

#include "hubsim/ws_wire.hpp"
#include "spheregate/base/log.hpp"
#include "spheregate/hub/username.hpp"

namespace spheregate::hubsim {

namespace asio = boost::asio;

namespace {

// Asio's context frees what it is given.
SSL_CTX* shared(SSL_CTX* context) {
  SSL_CTX_up_ref(context);
  return context;
}

bool withoutCertificate(std::string_view target) {
  const std::size_t mark = target.find('?');
  return mark != std::string_view::npos && hub::queryValue(target.substr(mark + 1), "iothub-no-client-cert") == "true";
}

}  // namespace

WsServer::WsServer(asio::io_context& loop, const asio::ip::tcp::endpoint& at, const TlsContext& tls, Reception& reception,
                   const Rules& rules)
    : acceptor_{loop, at},
      tls_{tls},
      context_{shared(tls.handle())},
      reception_{reception},
      rules_{rules},
      retry_{reception.timers()} {
  acceptNext();
}

void WsServer::acceptNext() {
  acceptor_.async_accept([this](boost::system::error_code error, asio::ip::tcp::socket socket) {
    if (error == asio::error::operation_aborted) return;
    if (error) {
      base::logWarn("accept failed", {{"reason", error.message()}});
      retry_.after(std::chrono::milliseconds{100}, [this] { acceptNext(); });
      return;
    }
    welcome(std::move(socket));
    acceptNext();
  });
}

void WsServer::welcome(asio::ip::tcp::socket socket) {
  if (!reception_.acceptsConnections()) return;
  auto wire = std::make_shared<WsWire>(std::move(socket), context_, rules_, reception_.timers());
  // The wire keeps itself alive while it waits, so the callback needs no more than its address.
  wire->handshake([this, raw = wire.get()](std::string_view problem, std::string_view target) {
    if (!problem.empty()) return reception_.handshakeFailed(raw->peer(), problem);
    const auto self = std::static_pointer_cast<WsWire>(raw->shared_from_this());
    if (!reception_.acceptsConnections()) return self->close();
    reception_.admit(self, withoutCertificate(target) ? ClientCertificate{} : tls_.judge(self->ssl()));
  });
}

}  // namespace spheregate::hubsim
