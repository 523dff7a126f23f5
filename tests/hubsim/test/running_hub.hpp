#pragma once

#include <openssl/ssl.h>

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/write.hpp>
#include <optional>
#include <string>
#include <thread>

#include "certificates.hpp"
#include "hubsim/dps/provisioning.hpp"
#include "hubsim/http_server.hpp"
#include "hubsim/hub.hpp"
#include "hubsim/mqtt_server.hpp"
#include "hubsim/timer_driver.hpp"
#include "hubsim/tls_context.hpp"
#include "hubsim/ws_server.hpp"
#include "site.hpp"
#include "spheregate/hub/sas.hpp"

namespace spheregate::hubsim {

namespace asio = boost::asio;
using Tcp = asio::ip::tcp;

inline Registry openRegistry() {
  return *parseRegistry(
      "{hub: hub.test, accept_unknown_devices: true, policies: [{name: gateway, key: " + std::string{Site::kGatewayKey} +
          "}], dps: {id_scope: 0ne1, groups: [{name: certified, x509: true}]}}",
      "r");
}

inline std::string gatewayToken() {
  return hub::makeSasToken(*hub::SharedAccessKey::fromBase64(Site::kGatewayKey), "hub.test", 4'000'000'000, "gateway");
}

// The whole program less main, on a thread of its own.
class RunningHub {
 public:
  RunningHub()
      : ca{makeCredential("plant ca")},
        tls_{openTls()},
        hub_{openRegistry(), 100'000, timers_},
        provisioning_{hub_, *hub_.registry().dps},
        mqtt_{loop_, {asio::ip::address_v4::loopback(), 0}, tls_, hub_},
        dps_{loop_, {asio::ip::address_v4::loopback(), 0}, tls_, provisioning_},
        ws_{loop_, {asio::ip::address_v4::loopback(), 0}, tls_, hub_, hub_.rules()},
        http_{loop_, 0, hub_, &provisioning_},
        thread_{[this] { loop_.run(); }} {}

  ~RunningHub() {
    loop_.stop();
    thread_.join();
  }

  std::uint16_t port() const { return mqtt_.port(); }
  std::uint16_t dpsPort() const { return dps_.port(); }
  std::uint16_t wsPort() const { return ws_.port(); }

  Json control(const std::string& method, const std::string& target, const std::string& body = "") const {
    const std::string answer = request(method, target, body);
    return Json::parse(answer.substr(answer.find("\r\n\r\n")));
  }

  // The whole answer; `headers` end with a line break each.
  std::string request(const std::string& method, const std::string& target, const std::string& body,
                      const std::string& headers = "") const {
    asio::io_context loop;
    Tcp::socket socket{loop};
    socket.connect({asio::ip::address_v4::loopback(), http_.port()});
    asio::write(socket, asio::buffer(method + " " + target + " HTTP/1.1\r\nHost: hub\r\n" + headers +
                                     "Connection: close\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body));
    std::string answer;
    boost::system::error_code end;
    asio::read(socket, asio::dynamic_buffer(answer), end);
    return answer;
  }

  Credential ca;

 private:
  TlsContext openTls() {
    const Credential server = makeCredential("hub.test");
    return *TlsContext::open({.certificate = files_.writeCertificate("hub.pem", server),
                              .key = files_.writeKey("hub.key", server),
                              .clientCa = files_.writeCertificate("ca.pem", ca)});
  }

  TemporaryDirectory files_;
  base::SystemClock clock_;
  base::Timers timers_{clock_};
  asio::io_context loop_{1};
  TimerDriver driver_{loop_, timers_};
  TlsContext tls_;
  Hub hub_;
  Provisioning provisioning_;
  MqttServer mqtt_;
  MqttServer dps_;
  WsServer ws_;
  HttpServer http_;
  std::thread thread_;
};

// A blocking TLS client.
class Client {
 public:
  explicit Client(std::uint16_t port, const Credential* credential = nullptr, int tlsVersion = TLS1_3_VERSION) {
    SSL_CTX_set_max_proto_version(context_.native_handle(), tlsVersion);
    if (credential) {
      SSL_CTX_use_certificate(context_.native_handle(), credential->certificate.get());
      SSL_CTX_use_PrivateKey(context_.native_handle(), credential->key.get());
    }
    stream_.emplace(loop_, context_);
    stream_->next_layer().connect({asio::ip::address_v4::loopback(), port});
    stream_->handshake(asio::ssl::stream_base::client);
  }

  void says(const base::Bytes& bytes) { asio::write(*stream_, asio::buffer(bytes)); }

  base::Bytes hears(std::size_t bytes) {
    base::Bytes heard(bytes);
    boost::system::error_code error;
    heard.resize(asio::read(*stream_, asio::buffer(heard), error));
    return heard;
  }

  bool hearsTheEnd() { return hears(1).empty(); }

 private:
  asio::io_context loop_;
  asio::ssl::context context_{asio::ssl::context::tls_client};
  std::optional<asio::ssl::stream<Tcp::socket>> stream_;
};

}  // namespace spheregate::hubsim
