#include "passage.hpp"

#include <openssl/err.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <utility>

#include "context.hpp"
#include "spheregate/base/check.hpp"
#include "stream.hpp"

namespace spheregate::tls {

Passage::Passage(std::shared_ptr<const Way> way, std::string host, Connector::Done done)
    : way_{std::move(way)}, host_{std::move(host)}, done_{std::move(done)}, resolver_{way_->loop}, timer_{way_->loop} {}

void Passage::start() {
  const ConnectorSettings& settings = way_->settings;
  deadline_ = std::chrono::steady_clock::now() + settings.connectTimeout;
  arm(settings.connectTimeout, "resolve " + host_ + ": no answer from the name server in time");
  resolver_.async_resolve(
      host_, std::to_string(settings.port), Tcp::resolver::numeric_service,
      [self = weak_from_this()](const boost::system::error_code& error, const Tcp::resolver::results_type& found) {
        const auto passage = self.lock();
        if (passage && passage->done_) passage->resolved(error, found);
      });
}

void Passage::cancel() {
  done_ = nullptr;
  timer_.cancel();
  resolver_.cancel();
  socket_.reset();
  handshake_.reset();
}

void Passage::resolved(const boost::system::error_code& error, const Tcp::resolver::results_type& found) {
  if (error) {
    return finish(base::failed<std::unique_ptr<base::Wire>>("resolve " + host_ + ": " + error.message() +
                                                            "; check upstream.hub and the name servers of this machine"));
  }
  for (const auto& entry : found) addresses_.push_back(entry.endpoint());
  tryNext();
}

void Passage::tryNext() {
  handshake_.reset();
  socket_.reset();
  if (next_ == addresses_.size() || timeLeft() <= Milliseconds{0})
    return finish(base::failed<std::unique_ptr<base::Wire>>(problem_));
  const auto addressesLeft = static_cast<Milliseconds::rep>(addresses_.size() - next_);
  const Tcp::endpoint endpoint = addresses_[next_++];
  target_ = textOf(endpoint);
  arm(timeLeft() / addressesLeft, "TCP connect " + target_ + ": no answer in time");
  socket_ = std::make_unique<Tcp::socket>(way_->loop);
  socket_->async_connect(endpoint, [self = weak_from_this(), attempt = next_](const boost::system::error_code& error) {
    const auto passage = self.lock();
    if (passage && passage->done_ && passage->next_ == attempt && passage->socket_) passage->connected(error);
  });
}

void Passage::connected(const boost::system::error_code& error) {
  if (error) return missed("TCP connect " + target_ + ": " + error.message());
  auto made = ssl();
  if (!made) return missed(made.error());
  boost::system::error_code problem;
  socket_->native_non_blocking(true, problem);
  const int descriptor = problem ? -1 : socket_->release(problem);
  if (problem) return missed("TCP connect " + target_ + ": " + problem.message());
  Socket socket{descriptor};
  tune(socket);
  timer_.cancel();
  const Milliseconds share = timeLeft() / static_cast<Milliseconds::rep>(addresses_.size() - next_ + 1);
  handshake_ = std::make_shared<Handshake>(way_->loop, std::move(socket), std::move(*made));
  // Destroying the passage destroys the handshake, which then says nothing.
  handshake_->start(share, [this](Handshake::Ending ending, const Outcome& outcome) { shaken(ending, outcome); });
}

// The name is verified and, when it is a name, sent along (SNI).
base::Explained<Ssl> Passage::ssl() const {
  Ssl ssl{SSL_new(way_->context.get())};
  SPHEREGATE_CHECK(ssl != nullptr);
  SSL_set_connect_state(ssl.get());
  ERR_clear_error();
  if (X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl.get()), host_.c_str()) == 1) return ssl;
  SSL_set_hostflags(ssl.get(), X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  const bool named = SSL_set1_host(ssl.get(), host_.c_str()) == 1 && SSL_set_tlsext_host_name(ssl.get(), host_.c_str()) == 1;
  if (named) return ssl;
  return base::failed<Ssl>("TLS handshake: `" + host_ + "` cannot be a host name: " + takeError());
}

void Passage::shaken(Handshake::Ending ending, const Outcome& outcome) {
  if (ending == Handshake::Ending::timedOut) return missed("TLS handshake with " + target_ + ": no answer in time");
  if (ending == Handshake::Ending::failed) return missed(handshakeProblem(outcome));
  Established established{.socket = handshake_->takeSocket(), .ssl = handshake_->takeSsl(), .peer = target_, .seat = nullptr};
  forgetPeerChain(*established.ssl);
  std::unique_ptr<base::Wire> wire = std::make_unique<Stream>(way_->loop, std::move(established));
  finish(std::move(wire));
}

std::string Passage::handshakeProblem(const Outcome& outcome) const {
  std::string problem = "TLS handshake with " + target_ + ": " + outcome.text();
  const long verified = SSL_get_verify_result(&handshake_->ssl());
  if (verified == X509_V_OK) return problem;
  problem += std::string{" ("} + X509_verify_cert_error_string(verified) + ")";
  switch (verified) {
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      return problem + "; set upstream.hub to a name that the hub's certificate covers";
    case X509_V_ERR_CERT_NOT_YET_VALID:
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return problem + "; check the clock of this machine and the hub's certificate";
    default:
      return problem + "; set upstream.ca to a file with the root of the hub's certificate";
  }
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
        // A timer that was due already when its step ended still comes here.
        if (error || !passage || !passage->done_ || passage->next_ != attempt || passage->handshake_) return;
        passage->missed(what);
      });
}

void Passage::finish(base::Explained<std::unique_ptr<base::Wire>> result) {
  const auto self = shared_from_this();
  const Connector::Done done = std::move(done_);
  cancel();
  done(std::move(result));
}

Passage::Milliseconds Passage::timeLeft() const {
  return std::chrono::duration_cast<Milliseconds>(deadline_ - std::chrono::steady_clock::now());
}

}  // namespace spheregate::tls
