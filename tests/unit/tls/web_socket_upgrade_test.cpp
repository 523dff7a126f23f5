#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>

#include "unit/tls/web_socket_hub.hpp"

namespace spheregate::tls {
namespace {

using test::WebSocketTest;
using test::Wire;

TEST_F(WebSocketTest, saysWhatToDoAboutARefusedUpgrade) {
  const std::string step = "WebSocket upgrade with 127.0.0.1:" + std::to_string(peer.port()) + ": ";
  expectError(answered("HTTP/1.1 404 Nothing\r\nContent-Length: 0\r\n\r\n"),
              {step.c_str(), "404 Not Found; there is no IoT Hub; check upstream.hub"});
  for (const char* status : {"401", "403"}) {
    expectError(answered("HTTP/1.1 " + std::string{status} + " x\r\nContent-Length: 0\r\n\r\n"),
                {status, "pass WebSocket to this host"});
  }
  expectError(answered("HTTP/1.1 503 x\r\nContent-Length: 0\r\n\r\n"), {"503 Service Unavailable; the hub is busy"});
  expectError(answered("HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\n<html></html>"),
              {"200 OK; an IoT Hub does not answer so; check"});
  expectError(answered("HTTP/1.1 302 Found\r\nLocation: https://login\r\nContent-Length: 0\r\n\r\n"), {"302 Found; "});
}

TEST_F(WebSocketTest, knowsTheStatusOfAPageWithoutAnEnd) {
  settings.connectTimeout = std::chrono::milliseconds{300};
  expectError(answered("HTTP/1.1 403 x\r\nContent-Type: text/html\r\n\r\n<html>and"), {"403 Forbidden; "});
  settings.connectTimeout = std::chrono::seconds{5};
  const std::string page(100'000, 'x');
  expectError(answered("HTTP/1.1 403 x\r\nContent-Type: text/html\r\n\r\n" + page), {"403 Forbidden; "});
  expectError(answered("HTTP/1.1 404 x\r\nContent-Length: 99999999999\r\n\r\n" + page), {"404 Not Found; "});
}

TEST_F(WebSocketTest, whatIsNoUpgradeIsRefused) {
  const std::string start = "HTTP/1.1 101 Switching Protocols\r\n";
  const std::string upgrades = "Connection: upgrade\r\nUpgrade: websocket\r\n";
  expectError(answered(start + "\r\n"), {"the answer is no proper upgrade (", "check upstream.hub"});
  expectError(answered(start + upgrades + "\r\n"), {"the answer is no proper upgrade ("});
  expectError(answered(start + upgrades + "Sec-WebSocket-Accept: aaaa\r\n\r\n"), {"the answer is no proper upgrade ("});
  for (const char* protocol : {"", "amqp"}) {
    expectError(connectTo([&] {
                  peer.welcome();
                  peer.accept(protocol);
                }),
                {"does not name the sub-protocol mqtt"});
  }
}

TEST_F(WebSocketTest, whatIsNoAnswerIsSaidToBeNone) {
  expectError(answered("220 mail.example ESMTP\r\n\r\n"), {"WebSocket upgrade with ", "the answer is not HTTP ("});
  expectError(answered("HTTP/1.1 101 x\r\nX: " + std::string(20'000, 'x') + "\r\n\r\n"), {"the answer is not HTTP (", "limit"});
  expectError(answered("", true), {"closed by the peer without an answer"});
  expectError(answered("HTTP/1.1 1", true), {"closed by the peer without an answer"});
  settings.connectTimeout = std::chrono::milliseconds{300};
  expectError(answered(""), {"WebSocket upgrade with ", "no whole answer in time"});
  expectError(connectTo([&] {
                peer.welcome();
                for (const char piece : std::string_view{"HTTP/1.1 101 Switching Protocols\r\nUpgrade"}) {
                  peer.answer({&piece, 1});
                  std::this_thread::sleep_for(std::chrono::milliseconds{20});
                }
              }),
              {"no whole answer in time"});
}

TEST_F(WebSocketTest, anAttemptThatIsDestroyedSaysNothing) {
  const auto connector = Connector::open(loop, settings);
  ASSERT_TRUE(connector);
  bool ran = false;
  std::atomic<bool> over = false;
  std::thread server{[&] {
    while (!over) {
      try {
        peer.welcome();
      } catch (const std::exception&) {
        continue;
      }
    }
  }};
  for (const int milliseconds : {0, 1, 2, 4, 8, 30}) {
    auto attempt = (*connector)->connect({}, [&](base::Explained<Wire>) { ran = true; });
    turnFor(milliseconds + 1);
    attempt.reset();
  }
  turnFor(30);
  over = true;
  test::Peer::dial(peer.port()).hangUp();  // so that it waits for nobody any more
  server.join();
  EXPECT_FALSE(ran);
}

}  // namespace
}  // namespace spheregate::tls
