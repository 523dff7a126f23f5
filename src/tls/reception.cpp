#include "reception.hpp"

#include <algorithm>
#include <utility>

#include "client_alert.hpp"
#include "context.hpp"
#include "farewell.hpp"
#include "lobby_refusal.hpp"
#include "spheregate/base/check.hpp"
#include "spheregate/base/log.hpp"
#include "stream.hpp"

namespace spheregate::tls {
namespace {

constexpr double kBurstFactor = 4;
constexpr const char* kHandshakesHelp = "TLS handshakes of devices, by how they ended.";

// Whoever has an IPv6 address has 2^64 of them.
std::string sourceOf(const boost::asio::ip::address& address) {
  if (address.is_v4()) return address.to_string();
  auto bytes = address.to_v6().to_bytes();
  std::fill(bytes.begin() + 8, bytes.end(), static_cast<unsigned char>(0));
  return boost::asio::ip::make_address_v6(bytes).to_string();
}

// Where the verify callback finds whose handshake it serves.
int verdictIndex() {
  static const int index = SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
  return index;
}

}  // namespace

Reception::Reception(boost::asio::io_context& loop, const ListenerSettings& settings, const base::Clock& clock,
                     metrics::Registry& metrics, const OwnCertificate& certificate, SslContext context, Judge judge, Listener::Welcome welcome,
                     RefusalSink refused)
    : loop_{loop},
      settings_{settings},
      clock_{clock},
      metrics_{metrics},
      certificate_{certificate},
      judge_{std::move(judge)},
      welcome_{std::move(welcome)},
      refused_{std::move(refused)},
      rates_{settings.handshakesPerSourcePerSecond, kBurstFactor * settings.handshakesPerSourcePerSecond, kSourcesMax},
      backedOff_{metrics.counter("tls_handshakes_total", kHandshakesHelp, {{"result", "backed_off"}})},
      log_{clock},
      lobby_{std::make_shared<Lobby>(Lobby::Limits{.connectionsMax = settings.connectionsMax,
                                                   .unauthenticatedMax = settings.unauthenticatedMax,
                                                   .pauses = settings.handshakesPerSourcePerSecond > 0},
                                     clock, metrics)} {
  renew(std::move(context));
  metrics::Gauge& waiting = metrics_.gauge("connections_unauthenticated", "Connections whose CONNECT has not been accepted yet.");
  metrics_.gauge("unauthenticated_memory_max_bytes", "What they can hold in memory all together, at worst.")
      .set(static_cast<double>(std::min(settings_.unauthenticatedMax, settings_.connectionsMax) * kUnauthenticatedBytesMax));
  metrics_.beforeScrape([&waiting, lobby = std::weak_ptr<Lobby>{lobby_}] {
    const auto counted = lobby.lock();
    waiting.set(counted ? static_cast<double>(counted->unauthenticated()) : 0);
  });
  // Whoever watches a counter sees its first step only if it was there before; so all of the judge's are here too.
  for (const char* result : {"ok", "closed", "no_certificate", "unknown_ca", "expired", "not_yet_valid", "bad_signature", "bad_name",
                             "upper_case_name", "no_name", "several_names", "not_a_client_certificate", "is_ca", "denied", "not_allowed",
                             "revoked", "crl_missing", "crl_stale", "ca_expired", "other", "rate_limited", "too_many_connections",
                             "too_many_unauthenticated", "timeout", "protocol", "no_shared_cipher", "client_alert", "server_key"}) {
    metrics_.counter("tls_handshakes_total", kHandshakesHelp, {{"result", result}});
  }
}

Reception::~Reception() = default;

// Every SSL holds the context that it was made from.
void Reception::renew(SslContext context) {
  SSL_CTX_set_cert_verify_callback(context.get(), &Reception::judgeLeaf, this);
  context_ = std::move(context);
}

// Instead of OpenSSL's own verification: the chain that came along is not looked at, the judge knows the anchors.
int Reception::judgeLeaf(X509_STORE_CTX* store, void* reception) noexcept {
  auto* ssl = static_cast<SSL*>(X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()));
  auto* verdict = static_cast<std::shared_ptr<const Verdict>*>(SSL_get_ex_data(ssl, verdictIndex()));
  X509* leaf = X509_STORE_CTX_get0_cert(store);
  SPHEREGATE_CHECK(verdict != nullptr && leaf != nullptr);
  *verdict = static_cast<Reception*>(reception)->judge_(*leaf);
  SPHEREGATE_CHECK(*verdict != nullptr);
  if ((*verdict)->accepted) return 1;
  const int error = (*verdict)->x509Error;
  X509_STORE_CTX_set_error(store, error == X509_V_OK ? X509_V_ERR_APPLICATION_VERIFICATION : error);
  return 0;
}

void Reception::receive(Socket socket, const boost::asio::ip::tcp::endpoint& peer) {
  const std::string source = sourceOf(peer.address());
  if (shutFor(source, peer)) return closeHard(std::move(socket));
  if (settings_.handshakesPerSourcePerSecond > 0 && !rates_.take(source, clock_.now())) {
    return account(textOf(peer), source, rateLimited(settings_), nullptr);
  }
  if (lobby_->allIn()) return account(textOf(peer), source, tooManyConnections(settings_), nullptr);
  auto seat = lobby_->enter(source);
  if (seat == nullptr) return account(textOf(peer), source, tooManyUnauthenticated(lobby_->unauthenticated()), nullptr);
  begin(std::move(socket), textOf(peer), source, std::move(seat));
}

// Costs next to nothing, and tells nobody but the counter and, once a minute, the log: what was wrong has been told.
bool Reception::shutFor(const std::string& source, const boost::asio::ip::tcp::endpoint& peer) {
  if (!lobby_->mustWait(source)) return false;
  backedOff_.add();
  const auto before = lobby_->knocks().mayLog(source, clock_.now());
  if (!before) return true;
  const Refusal refusal = backedOff(lobby_->knocks().inRow(source));
  base::logWarn("device refused", {{"peer", textOf(peer)},
                                   {"result", refusal.result},
                                   {"reason", refusal.reason},
                                   {"fix", refusal.fix},
                                   base::moreBefore(*before)});
  return true;
}

void Reception::begin(Socket socket, std::string peer, std::string source, std::shared_ptr<Seat> seat) {
  tune(socket);
  Ssl ssl{SSL_new(context_.get())};
  SPHEREGATE_CHECK(ssl != nullptr);
  SSL_set_accept_state(ssl.get());
  auto handshake = std::make_shared<Handshake>(loop_, std::move(socket), std::move(ssl));
  Handshake& begun = *handshake;
  Newcomer& newcomer = newcomers_[&begun];
  newcomer = {.handshake = std::move(handshake),
              .peer = std::move(peer),
              .source = std::move(source),
              .seat = std::move(seat),
              .verdict = nullptr,
              .introduction = {}};
  SSL_set_ex_data(&begun.ssl(), verdictIndex(), &newcomer.verdict);
  hear(begun.ssl(), &newcomer.introduction);
  newcomer.seat->ifCrowded({.mayGo = [&begun](base::Duration age) { return begun.mayGo(age); }, .leave = [&begun] { begun.sendAway(); }});
  begun.start(settings_.handshakeTimeout,
              [this, &begun](Handshake::Ending ending, const Outcome& outcome) { ended(begun, ending, outcome); });
}

void Reception::ended(Handshake& handshake, Handshake::Ending ending, const Outcome& outcome) {
  auto node = newcomers_.extract(&handshake);
  SSL_set_ex_data(&handshake.ssl(), verdictIndex(), nullptr);
  hear(handshake.ssl(), nullptr);
  if (ending == Handshake::Ending::done)
    welcome(std::move(node.mapped()));
  else
    turnAway(std::move(node.mapped()), ending, outcome);
}

void Reception::welcome(Newcomer newcomer) {
  SPHEREGATE_CHECK(newcomer.verdict && newcomer.verdict->accepted);
  count("ok");
  newcomer.seat->certified();
  Established established{.socket = newcomer.handshake->takeSocket(),
                          .ssl = newcomer.handshake->takeSsl(),
                          .peer = std::move(newcomer.peer),
                          .seat = std::move(newcomer.seat)};
  newcomer.handshake.reset();
  forgetPeerChain(*established.ssl);
  const std::string& dialled = newcomer.introduction.serverName;
  if (!dialled.empty() && !covers(certificate_.shown(), dialled)) {
    base::logDebug("device dialled another name", {{"peer", established.peer}, {"dialled", dialled}, {"certificate_names", namesIn(certificate_.shown())}});
  }
  newcomer.peer = established.peer;
  auto verdict = newcomer.verdict;
  established.leftUnheard = [self = weak_from_this(), known = std::make_shared<const Newcomer>(std::move(newcomer))](
                                const Outcome& outcome, SSL& ssl) {
    if (const auto reception = self.lock()) reception->leftUnheard(*known, outcome, ssl);
  };
  welcome_({.wire = std::make_unique<Stream>(loop_, std::move(established)), .verdict = std::move(verdict)});
}

// With TLS 1.3 a device may judge us after our side is done; some do so with every version, and only close then.
void Reception::leftUnheard(const Newcomer& newcomer, const Outcome& outcome, SSL& ssl) {
  const Refusal refusal = refusalAfterwards(outcome, situation(newcomer, ssl));
  if (!refusal.left) account(newcomer.peer, newcomer.source, refusal, newcomer.verdict.get(), &newcomer.introduction);
}

Situation Reception::situation(const Newcomer& newcomer, SSL& ssl) const {
  return {.settings = settings_,
          .shown = certificate_.shown(),
          .introduction = newcomer.introduction,
          .ssl = ssl,
          .now = std::chrono::duration_cast<std::chrono::seconds>(clock_.wall().time_since_epoch()).count()};
}

void Reception::turnAway(Newcomer newcomer, Handshake::Ending ending, const Outcome& outcome) {
  const Refusal refusal = whyNot(newcomer, ending, outcome);
  // Whoever leaves without a whole word, a health check for example, has cost nothing; whoever has to go for others did nothing wrong.
  const bool itsDoing = ending != Handshake::Ending::sentAway && !refusal.ours && (!refusal.left || newcomer.handshake->answered());
  if (itsDoing) lobby_->refused(newcomer.source);
  account(newcomer.peer, newcomer.source, refusal, newcomer.verdict.get(), &newcomer.introduction);
  // The alert that says why has been written; who is gone or was too slow needs no farewell.
  if (ending == Handshake::Ending::failed && !outcome.ended()) {
    Farewell::bid(loop_, newcomer.handshake->takeSocket(), std::move(newcomer.seat));
  }
}

Refusal Reception::whyNot(const Newcomer& newcomer, Handshake::Ending ending, const Outcome& outcome) const {
  if (ending == Handshake::Ending::sentAway) return tooManyUnauthenticated(lobby_->unauthenticated());
  const std::string_view problem = newcomer.handshake->problem();
  if (!problem.empty()) return tooLongHandshake(problem);
  return refusalOf(ending, outcome, newcomer.verdict.get(), situation(newcomer, newcomer.handshake->ssl()));
}

void Reception::account(const std::string& peer, const std::string& source, const Refusal& refusal, const Verdict* verdict,
                        const Introduction* introduction) {
  count(refusal.result);
  // Port scans and health checks are no refusals, and whoever left needs no advice.
  if (refusal.left) return base::logDebug("handshake left", {{"peer", peer}, {"reason", refusal.reason}});
  log_.add(peer, source, refusal, verdict == nullptr ? nullptr : &verdict->certificate);
  if (!refused_) return;
  refused_({.peer = peer,
            .source = source,
            .result = refusal.result,
            .reason = refusal.reason,
            .fix = refusal.fix,
            .serverName = introduction == nullptr ? std::string{} : introduction->serverName,
            .protocol = introduction == nullptr ? std::string{} : versionName(introduction->newestVersion),
            .verdict = verdict});
}

void Reception::count(const char* result) {
  metrics_.counter("tls_handshakes_total", kHandshakesHelp, {{"result", result}}).add();
}

}  // namespace spheregate::tls
