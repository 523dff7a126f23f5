#pragma once

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <future>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>

#include "spheregate/tls/connector.hpp"
#include "unit/tls/gateway.hpp"

// What the tests of the ways to the hub share.
namespace spheregate::tls::test {

using Wire = std::unique_ptr<base::Wire>;

// A hub that accepts one connection after the other, with blocking calls.
class Hub {
 public:
  Hub() {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(::bind(socket_.descriptor(), reinterpret_cast<const sockaddr*>(&address), size), 0);
    EXPECT_EQ(::listen(socket_.descriptor(), 8), 0);
    EXPECT_EQ(::getsockname(socket_.descriptor(), reinterpret_cast<sockaddr*>(&address), &size), 0);
    port = ntohs(address.sin_port);
  }
  Peer accept() { return Peer{Socket{::accept(socket_.descriptor(), nullptr, nullptr)}}; }

  std::uint16_t port = 0;

 private:
  Socket socket_{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
};

class HubSideTest : public ::testing::Test {
 protected:
  HubSideTest() {
    settings.host = "localhost";
    settings.port = hub.port;
    settings.ca = directory.write("root.pem", {&Gateway::root()});
    settings.connectTimeout = std::chrono::seconds{5};
  }

  // Connects to a hub that answers once with the given certificate.
  base::Explained<Wire> connect(const Identity& identity, int version = TLS1_3_VERSION) {
    auto answer = std::async(std::launch::async, [&] {
      auto peer = std::make_unique<Peer>(hub.accept());
      peer->answerHandshake(identity, version);
      return peer;
    });
    auto result = connectAlone();
    other = answer.get();
    return result;
  }
  base::Explained<Wire> connectAlone() {
    const auto connector = Connector::open(loop, settings);
    EXPECT_TRUE(connector) << connector.error();
    std::optional<base::Explained<Wire>> result;
    const auto attempt = (*connector)->connect(dialed, [&](base::Explained<Wire> done) { result.emplace(std::move(done)); });
    EXPECT_FALSE(result);
    EXPECT_TRUE(turnUntil(loop, [&] { return result.has_value(); }));
    return std::move(*result);
  }
  void expectError(const base::Explained<Wire>& result, std::initializer_list<const char*> parts) {
    ASSERT_FALSE(result);
    for (const char* part : parts) EXPECT_NE(result.error().find(part), std::string::npos) << part << " in " << result.error();
  }

  Directory directory;
  boost::asio::io_context loop;
  Hub hub;
  ConnectorSettings settings;
  std::string dialed;  // empty: the host of the settings
  std::unique_ptr<Peer> other;
};

}  // namespace spheregate::tls::test
