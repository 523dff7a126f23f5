#include "unit/tls/proxy.hpp"

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <chrono>
#include <memory>
#include <utility>

namespace spheregate::tls::test {

using boost::system::error_code;

struct Proxy::Guest {
  explicit Guest(Tcp::socket socket) : client{std::move(socket)}, hub{client.get_executor()}, pause{client.get_executor()} {}
  Tcp::socket client;
  Tcp::socket hub;
  boost::asio::steady_timer pause;
  std::string request;
  std::array<std::array<char, 16'384>, 2> buffers;
};

Proxy::Proxy(std::uint16_t hubPort, Manners manners)
    : hubPort_{hubPort},
      manners_{std::move(manners)},
      acceptor_{loop_, Tcp::endpoint{boost::asio::ip::address_v4::loopback(), 0}} {
  port = acceptor_.local_endpoint().port();
  accept();
  thread_ = std::thread{[this] { loop_.run(); }};
}

Proxy::~Proxy() {
  loop_.stop();
  thread_.join();
}

void Proxy::accept() {
  acceptor_.async_accept([this](const error_code& error, Tcp::socket socket) {
    if (error) return;
    auto guest = std::make_shared<Guest>(std::move(socket));
    boost::asio::async_read_until(guest->client, boost::asio::dynamic_buffer(guest->request), "\r\n\r\n",
                                  [this, guest](const error_code& failed, std::size_t) {
                                    if (failed) return;
                                    if (!std::exchange(told_, true)) heard_.set_value(guest->request);
                                    answer(guest);
                                  });
    accept();
  });
}

void Proxy::answer(const std::shared_ptr<Guest>& guest) {
  if (manners_.trickles) return trickle(guest, 0);
  if (manners_.silent) return relay(guest, false);
  if (manners_.answer.empty() && !manners_.hangsUp) return lead(guest);
  boost::asio::async_write(guest->client, boost::asio::buffer(manners_.answer), [this, guest](const error_code&, std::size_t) {
    if (!manners_.hangsUp) relay(guest, false);
  });
}

void Proxy::trickle(const std::shared_ptr<Guest>& guest, std::size_t at) {
  if (at == manners_.answer.size()) return;
  boost::asio::async_write(guest->client, boost::asio::buffer(manners_.answer.data() + at, 1),
                           [this, guest, at](const error_code& error, std::size_t) {
                             if (error) return;
                             guest->pause.expires_after(std::chrono::milliseconds{5});
                             guest->pause.async_wait([this, guest, at](const error_code&) { trickle(guest, at + 1); });
                           });
}

void Proxy::lead(const std::shared_ptr<Guest>& guest) {
  guest->hub.async_connect({boost::asio::ip::address_v4::loopback(), hubPort_}, [guest](const error_code& error) {
    static const std::string good = "HTTP/1.1 200 Connection established\r\nProxy-Agent: test\r\n\r\n";
    static const std::string bad = "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n";
    const bool connected = !error;
    boost::asio::async_write(guest->client, boost::asio::buffer(connected ? good : bad),
                             [guest, connected](const error_code&, std::size_t) {
                               if (!connected) return;
                               relay(guest, false);
                               relay(guest, true);
                             });
  });
}

void Proxy::relay(const std::shared_ptr<Guest>& guest, bool fromHub) {
  auto& buffer = guest->buffers[fromHub ? 1 : 0];
  Tcp::socket& from = fromHub ? guest->hub : guest->client;
  from.async_read_some(boost::asio::buffer(buffer), [guest, fromHub](const error_code& error, std::size_t size) {
    Tcp::socket& to = fromHub ? guest->client : guest->hub;
    error_code ignored;
    if (error) return static_cast<void>(to.close(ignored));
    if (!to.is_open()) return relay(guest, fromHub);
    boost::asio::async_write(to, boost::asio::buffer(guest->buffers[fromHub ? 1 : 0].data(), size),
                             [guest, fromHub](const error_code& failed, std::size_t) {
                               if (!failed) relay(guest, fromHub);
                             });
  });
}

}  // namespace spheregate::tls::test
