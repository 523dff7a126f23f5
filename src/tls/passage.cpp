#include "passage.hpp"

#include <utility>

#include "context.hpp"
#include "stream.hpp"

namespace spheregate::tls {
namespace {

std::string withPort(const std::string& host, std::uint16_t port) {
  const bool six = host.find(':') != std::string::npos;
  return (six ? "[" + host + "]:" : host + ":") + std::to_string(port);
}

}  // namespace

Passage::Passage(std::shared_ptr<const Way> way, std::string host, Connector::Done done)
    : way_{std::move(way)},
      host_{std::move(host)},
      done_{std::move(done)},
      check_{host_},
      resolver_{way_->loop},
      timer_{way_->loop} {}

void Passage::start() {
  const ConnectorSettings& settings = way_->settings;
  const std::string& first = throughProxy() ? settings.proxy.address.host : host_;
  const std::uint16_t port = throughProxy() ? settings.proxy.address.port : settings.port;
  target_ = first;
  deadline_ = std::chrono::steady_clock::now() + settings.connectTimeout;
  arm(settings.connectTimeout, "resolve " + first + ": no answer from the name server in time");
  resolver_.async_resolve(
      first, std::to_string(port), Tcp::resolver::numeric_service,
      [self = weak_from_this()](const boost::system::error_code& error, const Tcp::resolver::results_type& found) {
        const auto passage = self.lock();
        if (passage && passage->done_) passage->resolved(error, found);
      });
}

void Passage::cancel() {
  done_ = nullptr;
  resolver_.cancel();
  letGo();
}

void Passage::resolved(const boost::system::error_code& error, const Tcp::resolver::results_type& found) {
  if (error) {
    const char* key = throughProxy() ? "upstream.proxy" : "upstream.hub";
    problem_ = "resolve " + target_ + ": " + error.message() + "; check " + key + " and the name servers of this machine";
  }
  for (const auto& entry : found) addresses_.push_back(entry.endpoint());
  tryNext();
}

void Passage::tryNext() {
  letGo();
  if (next_ == addresses_.size() || timeLeft() <= Milliseconds{0})
    return finish(base::failed<std::unique_ptr<base::Wire>>(problem_));
  const Tcp::endpoint endpoint = addresses_[next_++];
  target_ = (throughProxy() ? "the proxy " : "") + textOf(endpoint);
  arm(share(), "TCP connect to " + target_ + ": no answer in time");
  socket_ = std::make_unique<Tcp::socket>(way_->loop);
  socket_->async_connect(endpoint, [self = weak_from_this(), attempt = next_](const boost::system::error_code& error) {
    const auto passage = self.lock();
    if (passage && passage->done_ && passage->next_ == attempt && passage->socket_) passage->connected(error);
  });
}

void Passage::connected(const boost::system::error_code& error) {
  if (error) return missed("TCP connect to " + target_ + ": " + error.message());
  timer_.cancel();
  Tcp::socket socket = std::move(*socket_);
  socket_.reset();
  if (throughProxy()) return dig(std::move(socket));
  encrypt(std::move(socket));
}

// The proxy gets the name and resolves it itself, because often only it can.
void Passage::dig(Tcp::socket socket) {
  target_ = authority() + " through " + target_;
  tunnel_ = std::make_shared<Tunnel>(std::move(socket), authority(), way_->proxyLogin);
  // Letting go of the tunnel cancels it, which then says nothing.
  tunnel_->start(share(), [this](base::Explained<Tcp::socket> result) {
    if (!result) return missed("CONNECT " + target_ + ": " + result.error());
    encrypt(std::move(*result));
  });
}

void Passage::encrypt(Tcp::socket tcp) {
  auto made = check_.makeSsl(*way_->context);
  if (!made) return missed(made.error());
  boost::system::error_code problem;
  tcp.native_non_blocking(true, problem);
  const int descriptor = problem ? -1 : tcp.release(problem);
  if (problem) return missed("TCP connect to " + target_ + ": " + problem.message());
  Socket socket{descriptor};
  tune(socket);
  handshake_ = std::make_shared<Handshake>(way_->loop, std::move(socket), std::move(*made));
  // Destroying the passage destroys the handshake, which then says nothing.
  handshake_->start(share(), [this](Handshake::Ending ending, const Outcome& outcome) { shaken(ending, outcome); });
}

void Passage::shaken(Handshake::Ending ending, const Outcome& outcome) {
  const std::string step = "TLS handshake with " + target_ + ": ";
  if (ending == Handshake::Ending::timedOut) return missed(step + "no answer in time");
  if (ending == Handshake::Ending::failed) return missed(step + outcome.text() + check_.problem(handshake_->ssl()));
  Established established{.socket = handshake_->takeSocket(), .ssl = handshake_->takeSsl(), .peer = target_, .seat = nullptr};
  HubCheck::release(*established.ssl);
  forgetPeerChain(*established.ssl);
  if (way_->settings.transport == Transport::webSocket) return upgrade(std::move(established));
  std::unique_ptr<base::Wire> wire = std::make_unique<Stream>(way_->loop, std::move(established));
  finish(std::move(wire));
}

void Passage::upgrade(Established established) {
  webSocket_ = std::make_shared<WebSocket>(way_->loop, std::move(established));
  const std::string host = way_->settings.port == kWebSocketPort ? host_ : authority();
  webSocket_->upgrade(host, share(), [this](const std::string& problem) {
    if (!problem.empty()) return missed("WebSocket upgrade with " + target_ + ": " + problem);
    std::unique_ptr<base::Wire> wire = std::make_unique<WebSocketWire>(std::move(webSocket_));
    finish(std::move(wire));
  });
}

void Passage::missed(std::string problem) {
  problem_ = std::move(problem);
  tryNext();
}

void Passage::arm(Milliseconds wait, std::string problem) {
  timer_.expires_after(wait);
  timer_.async_wait(
      [self = weak_from_this(), attempt = next_, what = std::move(problem)](const boost::system::error_code& error) {
        const auto passage = self.lock();
        if (error || !passage || !passage->done_ || passage->next_ != attempt) return;
        // A timer that was due already when TCP stood still comes here.
        if (!passage->addresses_.empty() && !passage->socket_) return;
        passage->missed(what);
      });
}

void Passage::letGo() {
  timer_.cancel();
  socket_.reset();
  if (tunnel_) tunnel_->cancel();
  tunnel_.reset();
  handshake_.reset();
  if (webSocket_) webSocket_->drop();
  webSocket_.reset();
}

void Passage::finish(Result result) {
  const auto self = shared_from_this();
  const Connector::Done done = std::move(done_);
  cancel();
  done(std::move(result));
}

std::string Passage::authority() const { return withPort(host_, way_->settings.port); }

// Of the address that is being tried, among those that have not been.
Passage::Milliseconds Passage::share() const {
  return timeLeft() / static_cast<Milliseconds::rep>(addresses_.size() - next_ + 1);
}

Passage::Milliseconds Passage::timeLeft() const {
  return std::chrono::duration_cast<Milliseconds>(deadline_ - std::chrono::steady_clock::now());
}

}  // namespace spheregate::tls
