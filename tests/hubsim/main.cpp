#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/system/system_error.hpp>
#include <csignal>
#include <iostream>
#include <optional>
#include <stdexcept>
#include <string>

#include "hubsim/dps/provisioning.hpp"
#include "hubsim/http_server.hpp"
#include "hubsim/hub.hpp"
#include "hubsim/mqtt_server.hpp"
#include "hubsim/registry.hpp"
#include "hubsim/timer_driver.hpp"
#include "hubsim/tls_context.hpp"
#include "hubsim/ws_server.hpp"
#include "spheregate/base/clock.hpp"
#include "spheregate/base/log.hpp"

namespace {

using namespace spheregate;

struct Options {
  hubsim::TlsContext::Files tls;
  std::string registry;
  std::string address = "127.0.0.1";
  std::uint16_t port = 0;
  std::uint16_t httpPort = 0;
  std::uint16_t dpsPort = 0;
  std::optional<std::uint16_t> wsPort;
  std::size_t messagesMax = 2'000'000;
  bool noRecord = false;
};

void describe(CLI::App& app, Options& options) {
  app.add_option("--certificate", options.tls.certificate, "PEM file, leaf first")->required()->type_name("FILE");
  app.add_option("--key", options.tls.key, "PEM file")->required()->type_name("FILE");
  app.add_option("--registry", options.registry, "YAML file: hub names, policies, devices")->required()->type_name("FILE");
  app.add_option("--address", options.address, "where to listen for MQTT")->type_name("ADDRESS")->capture_default_str();
  app.add_option("--port", options.port, "MQTT over TLS; 0 picks one")->type_name("PORT")->capture_default_str();
  app.add_option("--http-port", options.httpPort, "service and control API on 127.0.0.1; 0 picks one")
      ->type_name("PORT")
      ->capture_default_str();
  app.add_option("--dps-port", options.dpsPort, "the provisioning service, when the registry has one; 0 picks one")
      ->type_name("PORT")
      ->capture_default_str();
  app.add_option("--ws-port", options.wsPort, "MQTT over WebSocket and TLS, only when given; 0 picks one")->type_name("PORT");
  app.add_option("--client-ca", options.tls.clientCa, "PEM file; devices may then log in with a certificate of these CAs")->type_name("FILE");
  app.add_option("--max-messages", options.messagesMax, "messages kept in memory; beyond, the oldest are forgotten and counted")
      ->type_name("N")
      ->capture_default_str();
  app.add_flag("--no-record", options.noRecord, "count messages, keep none, nor packets");
}

// Ten thousand devices need more descriptors than the usual soft limit.
void raiseDescriptorLimit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

template <class T>
T need(base::Explained<T> result) {
  if (!result) throw std::runtime_error{result.error()};
  return std::move(*result);
}

// Who listens at a port of the command line.
template <class Make>
decltype(auto) listening(const char* option, std::uint16_t port, Make make) {
  try {
    return make();
  } catch (const boost::system::system_error& error) {
    if (error.code() != boost::asio::error::address_in_use) {
      throw std::runtime_error{"cannot listen at port " + std::to_string(port) + ": " + error.code().message() + "; choose another with " + option};
    }
    throw std::runtime_error{"port " + std::to_string(port) + " is in use; choose another with " + option};
  }
}

void serve(const Options& options) {
  auto registry = need(hubsim::readRegistry(options.registry));
  const auto tls = need(hubsim::TlsContext::open(options.tls));

  const base::SystemClock clock;
  base::Timers timers{clock};
  boost::asio::io_context loop{1};
  hubsim::TimerDriver driver{loop, timers};
  hubsim::Hub hub{std::move(registry), options.noRecord ? 0 : options.messagesMax, timers};
  std::optional<hubsim::Provisioning> provisioning;
  if (hub.registry().dps) provisioning.emplace(hub, *hub.registry().dps);
  const auto address = boost::asio::ip::make_address(options.address);
  const hubsim::MqttServer mqtt =
      listening("--port", options.port, [&] { return hubsim::MqttServer{loop, {address, options.port}, tls, hub}; });
  std::optional<hubsim::MqttServer> dps;
  if (provisioning) {
    listening("--dps-port", options.dpsPort,
              [&] { dps.emplace(loop, boost::asio::ip::tcp::endpoint{address, options.dpsPort}, tls, *provisioning); });
  }
  std::optional<hubsim::WsServer> ws;
  if (options.wsPort) {
    listening("--ws-port", *options.wsPort,
              [&] { ws.emplace(loop, boost::asio::ip::tcp::endpoint{address, *options.wsPort}, tls, hub, hub.rules()); });
  }
  const hubsim::HttpServer http = listening("--http-port", options.httpPort, [&] {
    return hubsim::HttpServer{loop, options.httpPort, hub, provisioning ? &*provisioning : nullptr};
  });

  boost::asio::signal_set signals{loop, SIGINT, SIGTERM};
  signals.async_wait([&loop](boost::system::error_code, int) { loop.stop(); });
  std::cout << "{\"mqtt\":" << mqtt.port() << ",\"http\":" << http.port();
  if (dps) std::cout << ",\"dps\":" << dps->port();
  if (ws) std::cout << ",\"ws\":" << ws->port();
  std::cout << "}" << std::endl;
  loop.run();
  base::logInfo("stopped");
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"A simulated Azure IoT Hub: MQTT over TLS for devices, an HTTP API for services and tests."};
  Options options;
  describe(app, options);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  std::signal(SIGPIPE, SIG_IGN);
  raiseDescriptorLimit();
  try {
    serve(options);
  } catch (const std::exception& error) {
    std::cerr << "spheregate-hubsim: " << error.what() << '\n';
    return 1;
  }
}
