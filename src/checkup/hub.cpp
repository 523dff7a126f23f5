#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "hub_issuer.hpp"
#include "hub_login.hpp"
#include "items.hpp"
#include "spheregate/tls/connector.hpp"

namespace spheregate::checkup {
namespace {

using namespace std::chrono_literals;

struct Target {
  const char* what;
  std::string host;
  std::uint16_t port;
};

Target targetOf(const config::Config& config) {
  const auto& auth = config.upstream.auth;
  if (!upstream::assignsHub(auth)) return {"hub", config.upstream.hub, config.connector.port};
  const bool web = config.connector.transport == tls::Transport::webSocket;
  const std::uint16_t usual = web ? tls::kWebSocketPort : tls::kMqttPort;
  return {"provisioning service", auth.endpoint.host, auth.endpoint.port != 0 ? auth.endpoint.port : usual};
}

const char* itemOf(const std::string& problem) {
  if (problem.starts_with("resolve")) return "hub name";
  if (problem.starts_with("TCP")) return "hub tcp";
  if (problem.starts_with("CONNECT")) return "hub proxy";
  if (problem.starts_with("WebSocket")) return "hub websocket";
  return "hub tls";
}

void add(Findings& to, Findings more) {
  for (Finding& one : more) to.push_back(std::move(one));
}

// Empty when a TLS connection, proxy and WebSocket included, stood.
std::string tryWay(const Subject& subject, const Target& target) {
  tls::ConnectorSettings settings = subject.config.connector;
  settings.host = target.host;
  settings.port = target.port;
  settings.connectTimeout = 5s;
  boost::asio::io_context loop;
  auto connector = tls::Connector::open(loop, settings);
  if (!connector) return "trust anchors: " + connector.error();
  std::string problem = "no answer in time";
  std::unique_ptr<base::Wire> wire;
  const auto attempt = (*connector)->connect({}, [&](base::Explained<std::unique_ptr<base::Wire>> result) {
    problem = result ? std::string{} : result.error();
    if (result) wire = std::move(*result);
    loop.stop();
  });
  loop.run_for(6s);
  return problem;
}

std::string tcpFix(const Target& target) {
  return "let this site's firewall pass TCP " + std::to_string(target.port) + " to " + target.host +
         ", or use upstream.transport: websocket (port 443) or upstream.proxy; correct upstream.hub if it is another one";
}

Findings blamed(const std::string& problem, const Target& target, const std::string& where) {
  Report report{itemOf(problem)};
  if (problem.starts_with("TCP"))
    report.fail(problem, where, tcpFix(target));
  else
    report.failed(problem, where);
  return report.take();
}

// A link says what to do about a refused login behind its code.
void blameLogin(const std::string& error, const std::string& where, Report& report) {
  constexpr std::string_view kCode = "(not authorized): ";
  const auto at = error.find(kCode);
  if (at == std::string::npos) return report.failed(error, where);
  report.fail(error.substr(0, at + kCode.size() - 2), where, error.substr(at + kCode.size()));
}

Findings askDaemon(const Subject& subject, const std::string& where) {
  const DaemonWord& daemon = subject.daemon;
  Report report{"hub login"};
  // A connection that is gone is made again; a login that was refused will be refused again.
  for (const std::string& error : daemon.linkErrors) {
    if (error.find("refused") != std::string::npos)
      blameLogin(error, where, report);
    else
      report.warn(error, where, "the daemon tries again by itself; if it stays, look at the hub and at what stands in between");
  }
  const bool old = std::any_of(daemon.restartNeeded.begin(), daemon.restartNeeded.end(), [](const std::string& key) { return key.starts_with("upstream."); });
  if (daemon.uplinkConnected) {
    const std::string links = daemon.links == 1 ? "1 link that stands" : std::to_string(daemon.links) + " links that stand";
    report.pass("the daemon has " + links + (old ? ", with what it was started with" : ""), old ? std::string{} : where);
  } else if (report.empty()) {
    report.skip("the daemon has no link now, because no device needs one; the hub is " + (daemon.condition.empty() ? "unknown" : daemon.condition),
                where);
  }
  if (!subject.loginAs.empty()) {
    report.skip("not tried as " + base::shortId(subject.loginAs) + ", because the daemon runs and may need that login itself", where,
                "stop the daemon to try it; what the hub says to a device now is in `spheregate devices show ID`");
  }
  return report.take();
}

}  // namespace

Findings lookAtHub(const Subject& subject) {
  const Target target = targetOf(subject.config);
  const std::string where = target.host + ":" + std::to_string(target.port) + " (" + target.what + ")";
  Report report{"hub"};
  if (subject.offline) {
    report.skip("not looked at, because --offline was asked for", where);
    return report.take();
  }
  const std::string problem = tryWay(subject, target);
  Findings found;
  if (!problem.empty()) {
    found = blamed(problem, target, where);
  } else {
    Report reached{"hub way"};
    const bool proxy = !subject.config.connector.proxy.address.host.empty();
    reached.pass(std::string{"resolved, reached"} + (proxy ? " through the proxy" : "") + ", its TLS certificate verified", where);
    add(found, reached.take());
    add(found, lookAtHubIssuer(subject.config.connector, target.host, target.port));
  }
  if (subject.daemon.running) {
    add(found, askDaemon(subject, where));
  } else if (!problem.empty()) {
    Report login{"hub login"};
    login.skip("not tried, because the " + std::string{target.what} + " could not be reached", where);
    add(found, login.take());
  } else {
    add(found, tryHubLogin(subject));
  }
  return found;
}

}  // namespace spheregate::checkup
