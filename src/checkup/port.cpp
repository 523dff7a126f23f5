#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <cerrno>
#include <string>

#include "items.hpp"
#include "port_holder.hpp"

namespace spheregate::checkup {
namespace {

using Tcp = boost::asio::ip::tcp;

// Nothing when the daemon could have it now.
boost::system::error_code tryToListen(const tls::ListenerSettings& settings) {
  boost::system::error_code error;
  const auto address = boost::asio::ip::make_address(settings.address, error);
  if (error) return error;
  const Tcp::endpoint endpoint{address, settings.port};
  boost::asio::io_context loop;
  Tcp::acceptor acceptor{loop};
  acceptor.open(endpoint.protocol(), error);
  if (!error) acceptor.set_option(Tcp::acceptor::reuse_address{true}, error);
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(1, error);
  return error;
}

constexpr const char* kFirewall = "; a firewall in between must let devices through to it";

// Where systemd holds the socket, spheregate.socket says where devices are accepted.
bool isElsewhere(const DaemonWord& daemon, const tls::ListenerSettings& settings) {
  if (!daemon.running || daemon.listeningPort == 0) return false;
  boost::system::error_code first, second;
  const auto actual = boost::asio::ip::make_address(daemon.listeningAddress, first);
  const auto wanted = boost::asio::ip::make_address(settings.address, second);
  return !first && !second && (actual != wanted || daemon.listeningPort != settings.port);
}

void lookAtHolder(const Subject& subject, const std::string& where, Report& report) {
  const PortHolder holder = holderOf(subject.config.listener.port);
  const bool ours = subject.daemon.running || holder.name == "spheregate";
  const bool systemd = holder.pid == 1 && holder.name == "systemd";
  const std::string who =
      holder.pid == 0 ? std::string{"a process that this user may not see"} : "`" + holder.name + "`, process " + std::to_string(holder.pid);
  if (ours && (holder.pid == 0 || systemd || holder.name == "spheregate")) {
    report.pass("held by the running daemon" + std::string{kFirewall}, where);
  } else if (systemd) {
    report.pass("held by systemd, which hands it to the daemon if it is that of spheregate.socket (`systemctl list-sockets`)" +
                    std::string{kFirewall}, where);
  } else if (holder.pid == 0 && geteuid() != 0) {
    report.warn("held by " + who, where, "run the check as root to see whether it is the daemon");
  } else {
    report.fail("in use by " + who + ", so the daemon cannot listen there", where,
                "stop that process, or set listen.port to another port and tell the devices' application");
  }
}

}  // namespace

Findings lookAtPort(const Subject& subject) {
  Report report{"port"};
  const tls::ListenerSettings& settings = subject.config.listener;
  const std::string where = settings.address + ":" + std::to_string(settings.port) + " (listen)";
  if (settings.port == 0) {
    report.pass("any free one, at each start another", where);
    return report.take();
  }
  if (isElsewhere(subject.daemon, settings)) {
    report.warn("the daemon accepts devices at " + subject.daemon.listeningAddress + ", port " + std::to_string(subject.daemon.listeningPort) +
                    ", and not where the configuration says",
                where, "restart it; if that changes nothing, give ListenStream= of spheregate.socket the same address and port (`systemctl edit "
                "spheregate.socket`)");
    return report.take();
  }
  const boost::system::error_code error = tryToListen(settings);
  if (!error) {
    report.pass("free" + std::string{kFirewall}, where);
  } else if (error.value() == EADDRINUSE) {
    lookAtHolder(subject, where, report);
  } else if (error.value() == EADDRNOTAVAIL) {
    report.fail("this machine has no such address", where, "set listen.address to one it has, or to 0.0.0.0 for all");
  } else if (error.value() == EACCES) {
    report.skip("this user may not listen there, the daemon's may be allowed to", where, "run the check as root");
  } else {
    report.fail("cannot be listened at: " + error.message(), where, "correct listen.address and listen.port");
  }
  return report.take();
}

}  // namespace spheregate::checkup
