#include <gtest/gtest.h>

#include <string>
#include <thread>

#include "unit/tls/gateway.hpp"

namespace spheregate::tls {
namespace {

using test::Gateway;
using test::Peer;

std::string noise(std::size_t size) {
  std::string text(size, '\0');
  for (std::size_t index = 0; index < size; ++index) text[index] = static_cast<char>('a' + index * 7 % 23);
  return text;
}

// More than the kernel keeps for a connection on its way.
constexpr std::size_t kTooMuchForTheKernel = 16'000'000;

// One device that has come in, on either version of TLS.
class StreamTest : public ::testing::TestWithParam<int> {
 protected:
  void SetUp() override {
    ASSERT_TRUE(test::beside(gateway.loop, [this] { return peer.shakeHands(hello()); })) << peer.problem;
    ASSERT_TRUE(gateway.turnUntil([this] { return !gateway.guests.empty(); }));
  }
  Peer::Hello hello() const {
    return {.version = GetParam(), .identity = &Gateway::device(), .trusted = &Gateway::root().certificate, .ciphers = nullptr};
  }
  Gateway::Guest& guest() { return gateway.guests.front(); }
  base::Wire& wire() { return *guest().wire; }
  test::Notebook& notebook() { return guest().notebook; }
  void say(std::string_view text) {
    base::append(wire().outbox(), text);
    wire().flush();
  }

  Gateway gateway;
  Peer peer{Peer::dial(gateway.listener->port())};
};

INSTANTIATE_TEST_SUITE_P(Versions, StreamTest, ::testing::Values(TLS1_2_VERSION, TLS1_3_VERSION),
                         [](const auto& version) { return version.param == TLS1_2_VERSION ? "Tls12" : "Tls13"; });

TEST_P(StreamTest, echoesEverySize) {
  notebook().onBytes = [this](base::ByteView bytes) {
    base::append(wire().outbox(), bytes);
    wire().flush();
  };
  for (const std::size_t size : {1u, 255u, 16384u, 16385u, 70'000u, 1'000'000u}) {
    const std::string text = noise(size);
    std::thread speaker{[&] { EXPECT_TRUE(peer.say(text)); }};
    // SSL is not for two threads at once, so the answer is awaited when all is said; the wire holds it meanwhile.
    EXPECT_TRUE(gateway.turnUntil([&] { return notebook().heard.size() == size; }));
    speaker.join();
    EXPECT_EQ(test::beside(gateway.loop, [&] { return peer.hearBytes(size); }), text);
    EXPECT_EQ(notebook().heard, text);
    notebook().heard.clear();
  }
}

TEST_P(StreamTest, takesSinglePieces) {
  const std::string text = noise(300);
  test::beside(gateway.loop, [&] {
    for (const char piece : text) peer.say({&piece, 1});
    return true;
  });
  EXPECT_TRUE(gateway.turnUntil([&] { return notebook().heard.size() == text.size(); }));
  EXPECT_EQ(notebook().heard, text);
}

TEST_P(StreamTest, sendsWhatOneTurnAppendedInOneRecord) {
  for (int part = 0; part < 100; ++part) say("0123456789");
  EXPECT_EQ(test::beside(gateway.loop, [&] { return peer.hear(); }).size(), 1000u);
  EXPECT_EQ(wire().backlog(), 0u);
}

TEST_P(StreamTest, tellsWhenAHighBacklogIsGone) {
  const std::string text = noise(kTooMuchForTheKernel);
  say("low");
  EXPECT_EQ(test::beside(gateway.loop, [&] { return peer.hear(); }), "low");
  EXPECT_EQ(notebook().drained, 0);
  say(text);
  gateway.loop.restart();
  gateway.loop.run_for(std::chrono::milliseconds{20});
  EXPECT_GT(wire().backlog(), 0u);
  EXPECT_EQ(notebook().drained, 0);
  EXPECT_EQ(test::beside(gateway.loop, [&] { return peer.hearBytes(text.size()); }), text);
  EXPECT_TRUE(gateway.turnUntil([&] { return notebook().drained == 1; }));
  EXPECT_EQ(wire().backlog(), 0u);
}

TEST_P(StreamTest, keepsOrderWhileTheBacklogIsStuckAndGrows) {
  std::string all;
  for (int part = 0; part < 200; ++part) {
    const std::string text = noise(10'000 + static_cast<std::size_t>(part));
    all += text;
    say(text);
    gateway.loop.restart();
    gateway.loop.poll();
  }
  EXPECT_EQ(test::beside(gateway.loop, [&] { return peer.hearBytes(all.size()); }), all);
}

TEST_P(StreamTest, readsNothingWhilePaused) {
  wire().pauseReading();
  test::beside(gateway.loop, [&] { return peer.say("held"); });
  gateway.loop.restart();
  gateway.loop.run_for(std::chrono::milliseconds{20});
  EXPECT_EQ(notebook().heard, "");
  wire().resumeReading();
  EXPECT_EQ(notebook().heard, "") << "heard inside a call";
  EXPECT_TRUE(gateway.turnUntil([&] { return notebook().heard == "held"; }));
}

TEST_P(StreamTest, canBePausedBetweenTheRecordsOfOneSegment) {
  const std::string text = noise(200'000);
  notebook().onBytes = [this](base::ByteView) { wire().pauseReading(); };
  std::thread speaker{[&] { peer.say(text); }};
  while (notebook().heard.size() < text.size()) {
    const int before = notebook().deliveries;
    ASSERT_TRUE(gateway.turnUntil([&] { return notebook().deliveries > before; }));
    gateway.loop.restart();
    gateway.loop.run_for(std::chrono::milliseconds{2});
    EXPECT_EQ(notebook().deliveries, before + 1);
    wire().resumeReading();
  }
  speaker.join();
  EXPECT_EQ(notebook().heard, text);
}

TEST_P(StreamTest, closeDeliversTheOutboxAlsoWhenTheWireIsDestroyed) {
  const std::string text = noise(kTooMuchForTheKernel);
  base::append(wire().outbox(), text);
  wire().close();
  guest().wire.reset();
  EXPECT_EQ(test::beside(gateway.loop, [&] { return peer.hearAll(); }), text);
  EXPECT_EQ(peer.problem, "") << "no close_notify";
  EXPECT_FALSE(notebook().closed);
}

TEST_P(StreamTest, closeWritesWithoutATurnOfTheLoop) {
  base::append(wire().outbox(), "the last word");
  wire().close();
  EXPECT_EQ(peer.hearAll(), "the last word");
  EXPECT_EQ(peer.problem, "");
}

TEST_P(StreamTest, lastWordsAreNotLostOverUnreadBytes) {
  wire().pauseReading();
  const std::string unread = noise(50'000);
  test::beside(gateway.loop, [&] { return peer.say(unread); });
  base::append(wire().outbox(), "refused");
  wire().close();
  EXPECT_EQ(peer.hearAll(), "refused");
  EXPECT_EQ(peer.problem, "");
}

TEST_P(StreamTest, nothingIsHeardAfterClose) {
  notebook().onBytes = [this](base::ByteView) { wire().close(); };
  test::beside(gateway.loop, [&] {
    peer.say("one");
    peer.say("two");
    return peer.hearAll();
  });
  peer.hangUp();
  gateway.loop.restart();
  gateway.loop.run_for(std::chrono::milliseconds{20});
  EXPECT_TRUE(notebook().heard == "one" || notebook().heard == "onetwo");
  EXPECT_EQ(notebook().deliveries, 1);
  EXPECT_FALSE(notebook().closed);
}

TEST_P(StreamTest, mayBeDestroyedWhenTheUserHearsOfTheEnd) {
  notebook().onClosed = [this] { guest().wire.reset(); };
  test::beside(gateway.loop, [&] {
    peer.say("bye");
    peer.sayGoodbye();
    return true;
  });
  EXPECT_TRUE(gateway.turnUntil([&] { return notebook().closed.has_value(); }));
  EXPECT_EQ(notebook().heard, "bye");
  EXPECT_EQ(*notebook().closed, "closed by the peer");
}

TEST_P(StreamTest, anEndWithoutGoodbyeIsAnEnd) {
  peer.hangUp();
  EXPECT_TRUE(gateway.turnUntil([&] { return notebook().closed.has_value(); }));
  EXPECT_EQ(*notebook().closed, "closed by the peer");
}

TEST_P(StreamTest, aResetIsHeardWhilePausedToo) {
  wire().pauseReading();
  peer.reset();
  EXPECT_TRUE(gateway.turnUntil([&] { return notebook().closed.has_value(); }));
}

TEST_P(StreamTest, destroyingTheWireDropsTheConnection) {
  guest().wire.reset();
  EXPECT_TRUE(peer.hearsEnd());
  EXPECT_FALSE(notebook().closed);
}

// The peer closes with our answer on its way, so writing fails before its last words are read.
TEST_P(StreamTest, lastWordsAreHeardWhenWritingFails) {
  peer.say("DISCONNECT");
  peer.hangUp();
  const std::string text = noise(100'000);
  for (int part = 0; part < 5; ++part) {
    base::append(wire().outbox(), text);
    wire().flush();
  }
  EXPECT_TRUE(gateway.turnUntil([&] { return notebook().closed.has_value(); }));
  EXPECT_EQ(notebook().heard, "DISCONNECT");
}

TEST_P(StreamTest, whatWasSaidBeforeAttachLeaves) {
  gateway.onGuest = [](Gateway::Guest& guest) {
    base::append(guest.wire->outbox(), "first");
    guest.wire->flush();
  };
  Peer second = Peer::dial(gateway.listener->port());
  EXPECT_EQ(test::beside(gateway.loop, [&] { return second.shakeHands(hello()) ? second.hear() : second.problem; }), "first");
}

TEST_P(StreamTest, aSessionIsNeverResumed) {
  test::beside(gateway.loop, [&] { return peer.say("x"); });
  const std::unique_ptr<SSL_SESSION, x509::Release<SSL_SESSION_free>> session{SSL_get1_session(peer.ssl.get())};
  EXPECT_EQ(SSL_SESSION_has_ticket(session.get()), 0);
  if (GetParam() == TLS1_2_VERSION) {
    unsigned length = 1;
    SSL_SESSION_get_id(session.get(), &length);
    EXPECT_EQ(length, 0u);
  }
}

TEST(Stream, hearsWhatCameWithTheLastFlight) {
  Gateway gateway;
  Peer peer = Peer::dial(gateway.listener->port());
  const Peer::Hello hello{.version = TLS1_3_VERSION, .identity = &Gateway::device(), .trusted = nullptr, .ciphers = nullptr};
  EXPECT_TRUE(test::beside(gateway.loop, [&] { return peer.shakeHandsSaying(hello, "CONNECT"); })) << peer.problem;
  EXPECT_TRUE(gateway.turnUntil([&] { return !gateway.guests.empty() && gateway.guests.front().notebook.heard == "CONNECT"; }));
}

TEST(Stream, answersAKeyUpdate) {
  Gateway gateway;
  Peer peer = Peer::dial(gateway.listener->port());
  const Peer::Hello hello{.version = TLS1_3_VERSION, .identity = &Gateway::device(), .trusted = nullptr, .ciphers = nullptr};
  ASSERT_TRUE(test::beside(gateway.loop, [&] { return peer.shakeHands(hello); }));
  ASSERT_TRUE(gateway.turnUntil([&] { return !gateway.guests.empty(); }));
  Gateway::Guest& guest = gateway.guests.front();
  SSL_key_update(peer.ssl.get(), SSL_KEY_UPDATE_REQUESTED);
  test::beside(gateway.loop, [&] { return peer.say("new keys"); });
  EXPECT_TRUE(gateway.turnUntil([&] { return guest.notebook.heard == "new keys"; }));
  base::append(guest.wire->outbox(), "mine too");
  guest.wire->flush();
  EXPECT_EQ(test::beside(gateway.loop, [&] { return peer.hear(); }), "mine too");
}

}  // namespace
}  // namespace spheregate::tls
