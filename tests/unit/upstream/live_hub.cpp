#include "live_hub.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/ip/address.hpp>
#include <cstdlib>
#include <stdexcept>

#include "hubsim/json_text.hpp"
#include "pki/authorities.hpp"
#include "pki/files.hpp"
#include "spheregate/hub/sas.hpp"

namespace spheregate::upstream::test {
namespace {

constexpr std::string_view kKey = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

std::filesystem::path makeDirectory() {
  std::string name = (std::filesystem::temp_directory_path() / "spheregate-live-hub-XXXXXX").string();
  if (!mkdtemp(name.data())) throw std::runtime_error{"no temporary directory"};
  return name;
}

void writeCertificates(const std::filesystem::path& directory) {
  const auto now = std::chrono::system_clock::now();
  const auto ca = testpki::makePlainCa("hub authority", now);
  testpki::writeFile(directory / "ca.pem", testpki::pem(*ca.certificate));
  testpki::writeFile(directory / "strange.pem", testpki::pem(*testpki::makePlainCa("another", now).certificate));
  testpki::writePair(directory / "server", testpki::makeServer("localhost", "DNS:localhost", ca, now), {});
  testpki::writePair(directory / "gateway",
                     testpki::issue(testpki::deviceFields("gateway", testpki::dayAround(now)), testpki::makeEcKey(), ca), {});
}

}  // namespace

LiveHub::LiveHub() : directory_{makeDirectory()} {
  writeCertificates(directory_);
  const auto file = [this](const char* name) { return (directory_ / name).string(); };
  tls_ = std::make_unique<hubsim::TlsContext>(
      *hubsim::TlsContext::open({.certificate = file("server.pem"), .key = file("server.key"), .clientCa = file("ca.pem")}));
  const std::string registry =
      "{hub: localhost, accept_unknown_devices: false, devices: [{id: gateway, key: " + std::string{kKey} + "}]}";
  hub_ = std::make_unique<hubsim::Hub>(*hubsim::parseRegistry(registry, "registry"), 1'000'000, timers_);
  server_ = std::make_unique<hubsim::MqttServer>(
      loop_, boost::asio::ip::tcp::endpoint{boost::asio::ip::address_v4::loopback(), 0}, *tls_, *hub_);
  port_ = server_->port();
  webSocket_ = std::make_unique<hubsim::WsServer>(
      loop_, boost::asio::ip::tcp::endpoint{boost::asio::ip::address_v4::loopback(), 0}, *tls_, *hub_, hub_->rules());
  webSocketPort_ = webSocket_->port();
  thread_ = std::thread{[this] {
    const auto work = boost::asio::make_work_guard(loop_);
    loop_.run();
  }};
}

LiveHub::~LiveHub() {
  loop_.stop();
  thread_.join();
  std::filesystem::remove_all(directory_);
}

ControlAddress LiveHub::address() const {
  ControlAddress address;
  address.host = "localhost";
  address.port = port_;
  address.ca = directory_ / "ca.pem";
  return address;
}

ControlAddress LiveHub::webSocketAddress() const {
  ControlAddress address = this->address();
  address.port = webSocketPort_;
  address.websocket = true;
  address.path = "/$iothub/websocket";
  return address;
}

ControlLogin LiveHub::login() const {
  ControlLogin login;
  login.clientId = "gateway";
  login.username = "localhost/gateway/?api-version=2021-04-12";
  login.password = hub::makeSasToken(*hub::SharedAccessKey::fromBase64(kKey), "localhost/devices/gateway", 4'000'000'000, {});
  return login;
}

ControlLogin LiveHub::certificateLogin() const {
  ControlLogin login = this->login();
  login.password.clear();
  login.certificate = directory_ / "gateway.pem";
  login.privateKey = directory_ / "gateway.key";
  return login;
}

void LiveHub::fault(const std::string& json) {
  ask([&](hubsim::Hub& hub) { hub.setFaults(*hubsim::mergeFaults({}, hubsim::Json::parse(json))); });
}

void LiveHub::sendToGateway(const std::string& payload) {
  ask([&](hubsim::Hub& hub) {
    hubsim::CloudMessage message;
    message.payload.assign(payload.begin(), payload.end());
    message.expires = hub.mono() + std::chrono::hours{1};
    hub.device("gateway")->mailbox.put(std::move(message));
  });
}

}  // namespace spheregate::upstream::test
