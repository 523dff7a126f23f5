#include "spheregate/tls/listener.hpp"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cerrno>
#include <chrono>
#include <string>
#include <system_error>
#include <utility>

#include "door_turn.hpp"
#include "limits.hpp"
#include "own_certificate.hpp"
#include "reception.hpp"
#include "spheregate/base/log.hpp"
#include "spheregate/base/log_gate.hpp"

namespace spheregate::tls {
namespace {

using Tcp = boost::asio::ip::tcp;

// As many may wait in it as in one of our own, whoever made it.
base::Explained<Tcp::acceptor> adopt(boost::asio::io_context& loop, int socket) {
  Tcp::endpoint endpoint;
  auto size = static_cast<socklen_t>(endpoint.capacity());
  boost::system::error_code error;
  if (::getsockname(socket, endpoint.data(), &size) != 0) error = {errno, boost::system::system_category()};
  Tcp::acceptor acceptor{loop};
  if (!error) acceptor.assign(endpoint.protocol(), socket, error);
  if (!error) acceptor.listen(kListenBacklog, error);
  if (!error) acceptor.non_blocking(true, error);
  if (!error) return acceptor;
  return base::failed<Tcp::acceptor>("cannot listen on the socket that was handed over: " + error.message() +
                                     "; start the gateway without it, or look at who made it");
}

base::Explained<Tcp::acceptor> listen(boost::asio::io_context& loop, const ListenerSettings& settings) {
  if (settings.inherited >= 0) return adopt(loop, settings.inherited);
  boost::system::error_code error;
  const auto address = boost::asio::ip::make_address(settings.address, error);
  if (error) return base::failed<Tcp::acceptor>("listen.address `" + settings.address + "` is not an IP address");
  const Tcp::endpoint endpoint{address, settings.port};
  Tcp::acceptor acceptor{loop};
  acceptor.open(endpoint.protocol(), error);
  if (!error) acceptor.set_option(Tcp::acceptor::reuse_address{true}, error);
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(kListenBacklog, error);
  if (!error) acceptor.non_blocking(true, error);
  if (!error) return acceptor;
  return base::failed<Tcp::acceptor>("cannot listen on " + textOf(endpoint) + ": " + error.message() +
                                     "; set listen.address and listen.port to what is free on this machine");
}

// An IPv4 peer of an IPv6 socket is shown, and counted, as what it is.
Tcp::endpoint plain(const Tcp::endpoint& peer) {
  if (!peer.address().is_v6() || !peer.address().to_v6().is_v4_mapped()) return peer;
  return {boost::asio::ip::make_address_v4(boost::asio::ip::v4_mapped, peer.address().to_v6()), peer.port()};
}

}  // namespace

struct Listener::Inside : std::enable_shared_from_this<Inside> {
  enum class Accepted { one, none, mustRest };

  Inside(boost::asio::io_context& itsLoop, Tcp::acceptor listening, OwnCertificate itsCertificate, const base::Clock& itsClock,
         metrics::Registry& metrics)
      : loop{itsLoop},
        acceptor{std::move(listening)},
        certificate{std::move(itsCertificate)},
        rest{itsLoop},
        clock{itsClock},
        failures{metrics.counter("accept_failures_total", "Times the system could not give a socket to a new connection.")} {}

  void await();
  void acceptSoon();
  void acceptSome();
  Accepted acceptOne();
  Accepted cannotAccept(int problem);
  void takeRest(std::chrono::milliseconds time);

  boost::asio::io_context& loop;
  Tcp::acceptor acceptor;
  OwnCertificate certificate;
  boost::asio::steady_timer rest;
  const base::Clock& clock;
  metrics::Counter& failures;
  base::LogGate failureGate;
  std::shared_ptr<Reception> reception;
  bool stopped = false;
};

void Listener::Inside::await() {
  acceptor.async_wait(Tcp::acceptor::wait_read, [weak = weak_from_this()](const boost::system::error_code& error) {
    const auto self = weak.lock();
    if (!error && self && !self->stopped) self->acceptSoon();
  });
}

void Listener::Inside::acceptSoon() {
  DoorTurn::of(loop).add([weak = weak_from_this()] {
    const auto self = weak.lock();
    if (self && !self->stopped) self->acceptSome();
  });
}

void Listener::Inside::acceptSome() {
  const auto began = std::chrono::steady_clock::now();
  do {
    if (!reception->ready()) return takeRest(kLobbyRest);
    const Accepted accepted = acceptOne();
    if (accepted == Accepted::mustRest) return takeRest(kAcceptRest);
    if (accepted == Accepted::none) return await();
  } while (std::chrono::steady_clock::now() - began < kDoorTurn);
  acceptSoon();
}

Listener::Inside::Accepted Listener::Inside::acceptOne() {
  Tcp::endpoint peer;
  auto size = static_cast<socklen_t>(peer.capacity());
  Socket socket{::accept4(acceptor.native_handle(), peer.data(), &size, SOCK_NONBLOCK | SOCK_CLOEXEC)};
  if (!socket) return cannotAccept(errno);
  peer.resize(size);
  reception->receive(std::move(socket), plain(peer));
  return Accepted::one;
}

Listener::Inside::Accepted Listener::Inside::cannotAccept(int problem) {
  if (problem == EAGAIN) return Accepted::none;
  // A peer that has gone already, or its network's trouble, which accept() reports as its own.
  if (problem != EMFILE && problem != ENFILE && problem != ENOBUFS && problem != ENOMEM) return Accepted::one;
  failures.add();
  if (const auto before = failureGate.pass(clock.now())) {
    base::logError("cannot accept connections", {{"reason", std::system_category().message(problem)},
                                                 {"fix", "raise LimitNOFILE of the service above two for each device"},
                                                 base::moreBefore(*before)});
  }
  return Accepted::mustRest;
}

// The connection stays in the backlog and keeps the socket readable, so asking again at once would only burn time.
void Listener::Inside::takeRest(std::chrono::milliseconds time) {
  rest.expires_after(time);
  rest.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
    const auto self = weak.lock();
    if (!error && self && !self->stopped) self->acceptSoon();
  });
}

base::Explained<std::unique_ptr<Listener>> Listener::open(boost::asio::io_context& loop, const ListenerSettings& settings,
                                                          const base::Clock& clock, metrics::Registry& metrics, Judge judge,
                                                          Welcome welcome, RefusalSink refused) {
  using Opened = std::unique_ptr<Listener>;
  OwnCertificate certificate{clock, settings.minVersion};
  auto first = certificate.read(settings.certificate, settings.privateKey);
  if (!first) return base::failed<Opened>(first.error());
  auto acceptor = listen(loop, settings);
  if (!acceptor) return base::failed<Opened>(acceptor.error());
  auto context = certificate.take(std::move(*first));
  auto inside = std::make_shared<Inside>(loop, std::move(*acceptor), std::move(certificate), clock, metrics);
  inside->reception = std::make_shared<Reception>(loop, settings, clock, metrics, inside->certificate, std::move(context), std::move(judge),
                                                  std::move(welcome), std::move(refused));
  inside->await();
  return Opened{new Listener{std::move(inside)}};
}

Listener::Listener(std::shared_ptr<Inside> inside) : inside_{std::move(inside)} {}

Listener::~Listener() { stop(); }

std::uint16_t Listener::port() const {
  boost::system::error_code ignored;
  return inside_->acceptor.local_endpoint(ignored).port();
}

std::string Listener::address() const {
  boost::system::error_code ignored;
  return inside_->acceptor.local_endpoint(ignored).address().to_string();
}

int Listener::socket() const { return inside_->acceptor.native_handle(); }

base::Explained<void> Listener::renew(const std::filesystem::path& certificate, const std::string& privateKey) {
  const auto taking = prepare(certificate, privateKey);
  if (!taking) return base::failed<void>(taking.error());
  (*taking)();
  return {};
}

base::Explained<std::function<void()>> Listener::prepare(const std::filesystem::path& certificate, const std::string& privateKey) {
  using Taking = std::function<void()>;
  auto read = inside_->certificate.read(certificate, privateKey);
  if (!read) return base::failed<Taking>(read.error());
  auto next = std::make_shared<OwnCertificate::Next>(std::move(*read));
  return Taking{[inside = inside_, next] { inside->reception->renew(inside->certificate.take(std::move(*next))); }};
}

const ShownCertificate& Listener::certificate() const { return inside_->certificate.shown(); }

// Others may hold the socket too, so that the kernel would go on telling our loop about it after a mere close.
void Listener::stop() {
  inside_->stopped = true;
  boost::system::error_code ignored;
  if (inside_->acceptor.is_open()) ::close(inside_->acceptor.release(ignored));
  inside_->rest.cancel();
  inside_->reception->stop();
}

}  // namespace spheregate::tls
