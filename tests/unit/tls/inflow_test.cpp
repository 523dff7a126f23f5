#include <gtest/gtest.h>

#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <string>
#include <vector>

#include "limits.hpp"
#include "poller.hpp"
#include "unit/tls/gateway.hpp"

namespace spheregate::tls {
namespace {

using test::Gateway;
using test::Peer;

std::string record(char type, std::string_view body) {
  std::string made{type};
  made += "\x03\x03";
  made += static_cast<char>(body.size() >> 8);
  made += static_cast<char>(body.size() & 0xff);
  return made.append(body);
}

// The head of a ClientHello that will be so long.
std::string helloHead(std::size_t size) {
  return {'\x01', static_cast<char>(size >> 16), static_cast<char>(size >> 8 & 0xff), static_cast<char>(size & 0xff)};
}

// What the log says of a peer that sends this and waits.
std::string answerTo(std::string_view bytes) {
  Gateway gateway;
  testing::internal::CaptureStderr();
  Peer peer = Peer::dial(gateway.listener->port());
  test::beside(gateway.loop, [&] { return peer.sayPlainly(bytes) && peer.hearsEnd(); });
  EXPECT_TRUE(gateway.turnUntil([&] { return gateway.handshakes("protocol") == 1; }));
  return testing::internal::GetCapturedStderr();
}

TEST(Inflow, aClientHelloIsRefusedByTheLengthThatItAnnounces) {
  EXPECT_NE(answerTo(record(22, helloHead(kClientHelloBytesMax + 1))).find("the ClientHello is longer"), std::string::npos);
  const std::string head = helloHead(130'000);
  std::string crumbs;
  for (const char byte : head) crumbs += record(22, {&byte, 1});
  EXPECT_NE(answerTo(crumbs).find("the ClientHello is longer"), std::string::npos);
}

Peer::Hello helloOf(int version) { return {.version = version, .identity = &Gateway::device(), .trusted = nullptr, .ciphers = nullptr}; }

// In TLS 1.2 what follows ChangeCipherSpec is encrypted, in handshake records; it may look like anything.
TEST(Inflow, encryptedRecordsAreNotTakenForMessages) {
  Gateway gateway;
  for (int round = 0; round < 40; ++round) {
    Peer peer = Peer::dial(gateway.listener->port());
    EXPECT_TRUE(test::beside(gateway.loop, [&] { return peer.shakeHands(helloOf(TLS1_2_VERSION)); })) << peer.problem;
  }
  EXPECT_TRUE(gateway.turnUntil([&] { return gateway.handshakes("ok") == 40; }));
}

class Chatter : public testing::TestWithParam<int> {
 protected:
  Gateway::Guest& guest(Peer& peer) {
    EXPECT_TRUE(test::beside(gateway.loop, [&] { return peer.shakeHands(helloOf(GetParam())); })) << peer.problem;
    EXPECT_TRUE(gateway.turnUntil([&] { return gateway.guests.size() == 1; }));
    return gateway.guests[0];
  }
  Gateway gateway;
};

using KeyUpdates = Chatter;

TEST_P(KeyUpdates, withoutEndEndTheConnection) {
  Peer peer = Peer::dial(gateway.listener->port());
  Gateway::Guest& in = guest(peer);
  test::beside(gateway.loop, [&] {
    for (std::uint32_t number = 0; number < 4 * kChatterMax; ++number) {
      if (SSL_key_update(peer.ssl.get(), SSL_KEY_UPDATE_NOT_REQUESTED) != 1 || SSL_do_handshake(peer.ssl.get()) != 1) break;
    }
    return true;
  });
  ASSERT_TRUE(gateway.turnUntil([&] { return in.notebook.closed.has_value(); }));
  EXPECT_EQ(*in.notebook.closed, "the peer sends TLS records without messages");
}

TEST_P(KeyUpdates, amongMessagesAreWelcome) {
  Peer peer = Peer::dial(gateway.listener->port());
  Gateway::Guest& in = guest(peer);
  const std::string message(kBytesPerChatter, 'm');
  const std::size_t rounds = 2 * kChatterMax;
  test::beside(gateway.loop, [&] {
    for (std::size_t number = 0; number < rounds; ++number) {
      SSL_key_update(peer.ssl.get(), SSL_KEY_UPDATE_REQUESTED);
      if (!peer.say(message)) return false;
    }
    return true;
  });
  EXPECT_TRUE(gateway.turnUntil([&] { return in.notebook.heard.size() == rounds * message.size(); }));
  EXPECT_FALSE(in.notebook.closed);
}

INSTANTIATE_TEST_SUITE_P(Tls13, KeyUpdates, testing::Values(TLS1_3_VERSION));

// What a session says is heard between the steps of many handshakes.
TEST(HandshakePoller, sharesTheTurn) {
  boost::asio::io_context loop;
  struct Slow final : Poller::Watcher {
    void ready(std::uint32_t) override {
      ++steps;
      const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds{1};
      while (std::chrono::steady_clock::now() < until) {
      }
    }
    int steps = 0;
  };
  struct Quick final : Poller::Watcher {
    void ready(std::uint32_t) override { turns.push_back(slow->steps); }
    Slow* slow = nullptr;
    std::vector<int> turns;
  };
  constexpr int kStrangers = 64;
  std::vector<std::array<int, 2>> pipes(kStrangers + 1);
  for (auto& ends : pipes) {
    ASSERT_EQ(::pipe(ends.data()), 0);
    ASSERT_EQ(::write(ends[1], "x", 1), 1);
  }
  Slow slow;
  Quick quick;
  quick.slow = &slow;
  for (int number = 0; number < kStrangers; ++number) HandshakePoller::of(loop).add(pipes[static_cast<std::size_t>(number)][0], EPOLLIN, slow);
  Poller::of(loop).add(pipes.back()[0], EPOLLIN, quick);
  while (quick.turns.size() < 20) loop.poll_one();
  int widest = 0;
  for (std::size_t turn = 1; turn < quick.turns.size(); ++turn) widest = std::max(widest, quick.turns[turn] - quick.turns[turn - 1]);
  EXPECT_LE(widest, 4);
  EXPECT_GT(slow.steps, 4) << "nor do handshakes wait for ever";
  for (int number = 0; number < kStrangers; ++number) HandshakePoller::of(loop).remove(pipes[static_cast<std::size_t>(number)][0], slow);
  Poller::of(loop).remove(pipes.back()[0], quick);
  for (const auto& ends : pipes) {
    ::close(ends[0]);
    ::close(ends[1]);
  }
}

}  // namespace
}  // namespace spheregate::tls
