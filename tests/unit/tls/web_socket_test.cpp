#include <gtest/gtest.h>

#include <string>
#include <thread>

#include "unit/tls/proxy.hpp"
#include "unit/tls/web_socket_hub.hpp"

namespace spheregate::tls {
namespace {

using test::WebSocketTest;

std::string noise(std::size_t size) {
  std::string text(size, '\0');
  for (std::size_t index = 0; index < size; ++index) text[index] = static_cast<char>('a' + index * 7 % 23);
  return text;
}

// More than the kernel keeps for a connection on its way.
constexpr std::size_t kTooMuchForTheKernel = 16'000'000;

TEST_F(WebSocketTest, upgradesAsIotHubWantsItAndTalks) {
  upgrade();
  EXPECT_EQ(peer.request.method_string(), "GET");
  EXPECT_EQ(peer.request.target(), "/$iothub/websocket?iothub-no-client-cert=true");
  EXPECT_EQ(peer.request["Host"], "localhost:" + std::to_string(peer.port()));
  EXPECT_EQ(peer.request["Sec-WebSocket-Protocol"], "mqtt");
  EXPECT_EQ(peer.request["Sec-WebSocket-Extensions"], "");
  EXPECT_EQ(wire->peer(), "127.0.0.1:" + std::to_string(peer.port()));
  say("CONNECT");
  EXPECT_EQ(hubHears(), "CONNECT");
  EXPECT_TRUE(peer.stream->got_binary());
  peer.say("CONNACK");
  EXPECT_TRUE(turnUntil([&] { return notebook.heard == "CONNACK"; }));
}

TEST_F(WebSocketTest, goesThroughAProxyToo) {
  const test::Proxy proxy{peer.port()};
  settings.proxy.address = {.host = "localhost", .port = proxy.port};
  settings.port = kWebSocketPort;
  upgrade();
  EXPECT_EQ(wire->peer(), "localhost:443 through the proxy 127.0.0.1:" + std::to_string(proxy.port));
  EXPECT_EQ(peer.request["Host"], "localhost");
  say("CONNECT");
  EXPECT_EQ(hubHears(), "CONNECT");
}

TEST_F(WebSocketTest, whatIsSaidBeforeAttachLeavesAndWhatComesIsKept) {
  auto result = connectTo([this] {
    peer.welcome();
    peer.accept();
    peer.say("early");
  });
  ASSERT_TRUE(result);
  wire = std::move(*result);
  say("first");
  turnFor(20);
  wire->attach(notebook);
  EXPECT_EQ(hubHears(), "first");
  EXPECT_TRUE(turnUntil([&] { return notebook.heard == "early"; }));
}

TEST_F(WebSocketTest, sendsWhatOneTurnAppendedInOneMessage) {
  upgrade();
  for (int part = 0; part < 100; ++part) say("0123456789");
  EXPECT_EQ(hubHears().size(), 1000u);
  EXPECT_TRUE(turnUntil([&] { return wire->backlog() == 0; }));
}

TEST_F(WebSocketTest, echoesEverySizeInMessagesOfBoundedSize) {
  upgrade();
  notebook.onBytes = [this](base::ByteView bytes) {
    base::append(wire->outbox(), bytes);
    wire->flush();
  };
  for (const std::size_t size : {1u, 125u, 126u, 4096u, 65'535u, 65'536u, 65'537u, 300'000u, 1'000'000u}) {
    const std::string text = noise(size);
    const std::string echo = test::beside(loop, [&] {
      std::string all;
      peer.say(text);
      while (all.size() < size) {
        const std::string part = peer.hear();
        EXPECT_LE(part.size(), 65'536u);
        all += part;
      }
      return all;
    });
    EXPECT_EQ(echo, text);
  }
}

TEST_F(WebSocketTest, takesFragmentsAndFramesOfNothing) {
  upgrade();
  const std::string text = noise(30'000);
  peer.stream->write_some(false, boost::asio::buffer(text.data(), 3));
  peer.stream->ping("in between");
  peer.stream->write_some(false, boost::asio::buffer(text.data(), 0));
  peer.stream->write_some(false, boost::asio::buffer(text.data() + 3, 20'000));
  peer.stream->write_some(true, boost::asio::buffer(text.data() + 20'003, text.size() - 20'003));
  peer.say("");
  peer.say("next");
  EXPECT_TRUE(turnUntil([&] { return notebook.heard == text + "next"; }));
}

TEST_F(WebSocketTest, takesSinglePieces) {
  upgrade();
  const std::string text = noise(300);
  for (const char piece : text) peer.say({&piece, 1});
  EXPECT_TRUE(turnUntil([&] { return notebook.heard == text; }));
}

TEST_F(WebSocketTest, answersPings) {
  upgrade();
  std::string pong;
  peer.stream->control_callback([&](boost::beast::websocket::frame_type kind, boost::beast::string_view text) {
    if (kind == boost::beast::websocket::frame_type::pong) pong = std::string{text};
  });
  peer.stream->ping("are you there");
  turnFor(20);
  say("yes");
  EXPECT_EQ(hubHears(), "yes");
  EXPECT_EQ(pong, "are you there");
  EXPECT_EQ(notebook.heard, "");
}

TEST_F(WebSocketTest, tellsWhenAHighBacklogIsGone) {
  upgrade();
  const std::string text = noise(kTooMuchForTheKernel);
  say("low");
  EXPECT_EQ(hubHears(), "low");
  EXPECT_EQ(notebook.drained, 0);
  say(text);
  turnFor(20);
  EXPECT_GT(wire->backlog(), base::Wire::kHighWater);
  EXPECT_EQ(notebook.drained, 0);
  EXPECT_EQ(test::beside(loop, [&] { return peer.hearBytes(text.size()); }), text);
  EXPECT_TRUE(turnUntil([&] { return notebook.drained == 1; }));
  EXPECT_EQ(wire->backlog(), 0u);
}

TEST_F(WebSocketTest, keepsOrderWhileTheBacklogIsStuckAndGrows) {
  upgrade();
  std::string all;
  for (int part = 0; part < 200; ++part) {
    const std::string text = noise(10'000 + static_cast<std::size_t>(part));
    all += text;
    say(text);
    loop.restart();
    loop.poll();
  }
  EXPECT_EQ(test::beside(loop, [&] { return peer.hearBytes(all.size()); }), all);
}

TEST_F(WebSocketTest, bothWaysAtOnceUnderLoad) {
  upgrade();
  const std::string text = noise(3'000'000);
  say(text);
  std::thread speaker{[&] { peer.say(text); }};
  EXPECT_TRUE(turnUntil([&] { return notebook.heard.size() == text.size(); }));
  speaker.join();
  EXPECT_EQ(test::beside(loop, [&] { return peer.hearBytes(text.size()); }), text);
  EXPECT_EQ(notebook.heard, text);
}

TEST_F(WebSocketTest, readsNothingWhilePaused) {
  upgrade();
  wire->pauseReading();
  peer.say("held");
  turnFor(20);
  EXPECT_EQ(notebook.heard, "");
  wire->resumeReading();
  EXPECT_EQ(notebook.heard, "") << "heard inside a call";
  wire->pauseReading();
  turnFor(20);
  EXPECT_EQ(notebook.heard, "");
  wire->resumeReading();
  EXPECT_TRUE(turnUntil([&] { return notebook.heard == "held"; }));
}

TEST_F(WebSocketTest, canBePausedInEveryDelivery) {
  upgrade();
  const std::string text = noise(200'000);
  notebook.onBytes = [this](base::ByteView) { wire->pauseReading(); };
  std::thread speaker{[&] { peer.say(text); }};
  while (notebook.heard.size() < text.size()) {
    const int before = notebook.deliveries;
    ASSERT_TRUE(turnUntil([&] { return notebook.deliveries > before; }));
    turnFor(2);
    EXPECT_EQ(notebook.deliveries, before + 1);
    wire->resumeReading();
  }
  speaker.join();
  EXPECT_EQ(notebook.heard, text);
}

TEST_F(WebSocketTest, aPausedWireCostsNothingWhilePeersTalkOrHangUp) {
  upgrade();
  wire->pauseReading();
  peer.say("held");
  peer.say("and more");
  turnFor(20);
  peer.tcp().close();
  turnFor(20);
  loop.restart();
  // Whoever would go on being told of the socket would turn the loop without end.
  EXPECT_LT(loop.run_for(std::chrono::milliseconds{50}), 10u);
  wire->resumeReading();
  EXPECT_TRUE(turnUntil([&] { return notebook.closed.has_value(); }));
  EXPECT_EQ(notebook.heard, "heldand more");
}

TEST_F(WebSocketTest, closeDeliversTheOutboxAlsoWhenTheWireIsDestroyed) {
  upgrade();
  const std::string text = noise(kTooMuchForTheKernel);
  say(text.substr(0, 5'000'000));
  turnFor(5);
  base::append(wire->outbox(), text.substr(5'000'000));
  wire->close();
  wire.reset();
  EXPECT_EQ(test::beside(loop, [&] { return peer.hearBytes(text.size()); }), text);
  EXPECT_EQ(hubHears(), "closed 1000");
  turnFor(5);
  EXPECT_FALSE(notebook.closed);
}

TEST_F(WebSocketTest, closeWritesASmallRestWithoutATurnOfTheLoop) {
  upgrade();
  base::append(wire->outbox(), "the last word");
  wire->close();
  EXPECT_EQ(peer.hear(), "the last word");
  EXPECT_EQ(hubHears(), "closed 1000");
}

TEST_F(WebSocketTest, closeBeforeAttachSaysWhatIsInTheOutbox) {
  auto result = connectTo([this] {
    peer.welcome();
    peer.accept();
  });
  ASSERT_TRUE(result);
  base::append((*result)->outbox(), "bye");
  (*result)->close();
  EXPECT_EQ(peer.hear(), "bye");
}

TEST_F(WebSocketTest, aClosedWireOfAPeerThatDoesNotAnswerGoesInTime) {
  upgrade();
  say(noise(kTooMuchForTheKernel));
  turnFor(5);
  wire->close();
  wire.reset();
  loop.restart();
  const auto begun = std::chrono::steady_clock::now();
  loop.run_for(std::chrono::seconds{20});  // ends when nothing is left to wait for
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds{8});
}

TEST_F(WebSocketTest, nothingIsHeardAfterClose) {
  upgrade();
  notebook.onBytes = [this](base::ByteView) { wire->close(); };
  peer.say("one");
  peer.say("two");
  turnFor(20);
  EXPECT_TRUE(notebook.heard == "one" || notebook.heard == "onetwo") << notebook.heard;
  EXPECT_EQ(notebook.deliveries, 1);
  EXPECT_FALSE(notebook.closed);
  EXPECT_EQ(hubHears(), "closed 1000");
}

TEST_F(WebSocketTest, destroyingTheWireDropsTheConnection) {
  upgrade();
  say("unsent");
  wire.reset();
  turnFor(5);
  boost::system::error_code error;
  boost::beast::flat_buffer buffer;
  peer.stream->read(buffer, error);
  EXPECT_TRUE(error);
  EXPECT_FALSE(notebook.closed);
}

TEST_F(WebSocketTest, saysWithWhichCodeTheHubClosed) {
  upgrade();
  notebook.onClosed = [this] { wire.reset(); };
  peer.say("last words");
  std::thread closer{[this] {
    boost::system::error_code ignored;
    peer.stream->close({boost::beast::websocket::close_code::policy_error, "quota"}, ignored);
  }};
  EXPECT_TRUE(turnUntil([&] { return notebook.closed.has_value(); }));
  closer.join();
  EXPECT_EQ(notebook.heard, "last words");
  EXPECT_EQ(*notebook.closed, "the WebSocket was closed by the peer with code 1008 (quota)");
}

TEST_F(WebSocketTest, endsWithTheConnection) {
  upgrade();
  peer.tcp().close();
  EXPECT_TRUE(turnUntil([&] { return notebook.closed.has_value(); }));
  EXPECT_EQ(*notebook.closed, "closed by the peer");
  upgrade();
  notebook.closed.reset();
  peer.tcp().set_option(boost::asio::socket_base::linger{true, 0});
  peer.tcp().close();
  EXPECT_TRUE(turnUntil([&] { return notebook.closed.has_value(); }));
  EXPECT_EQ(*notebook.closed, "Connection reset by peer");
}

TEST_F(WebSocketTest, endsWhenWritingFails) {
  upgrade();
  wire->pauseReading();
  peer.say("held, so that only writing can notice");
  turnFor(10);
  peer.tcp().set_option(boost::asio::socket_base::linger{true, 0});
  peer.tcp().close();
  say(noise(100'000));
  EXPECT_TRUE(turnUntil([&] { return notebook.closed.has_value(); }));
}

TEST_F(WebSocketTest, whatIsNotForMqttEndsIt) {
  upgrade();
  peer.stream->text(true);
  peer.say("hello");
  EXPECT_TRUE(turnUntil([&] { return notebook.closed.has_value(); }));
  EXPECT_EQ(*notebook.closed, "the peer sent text in a WebSocket that is for MQTT");
  EXPECT_EQ(notebook.heard, "");
}

TEST_F(WebSocketTest, framesThatAreNoneEndIt) {
  for (const std::string& frame : {std::string{"\xf2\x01x", 3},                                  // reserved bits
                                   std::string{"\x82\x81mask!", 7},                              // masked by the hub
                                   std::string{"\x89\x7e\x01\x00", 4},                           // a ping of 256 bytes
                                   std::string{"\x82\x7f\xff\xff\xff\xff\xff\xff\xff\xff", 10},  // 2^64 bytes
                                   std::string{"\x82\x7f\x00\x00\x00\x00\x02\x00\x00\x00", 10},  // 32 MiB
                                   std::string{"\x80\x01x", 3}, std::string{"HTTP/1.1 200 OK\r\n"}}) {
    notebook.closed.reset();
    upgrade();
    boost::asio::write(peer.stream->next_layer(), boost::asio::buffer(frame));
    EXPECT_TRUE(turnUntil([&] { return notebook.closed.has_value(); }));
    EXPECT_TRUE(notebook.closed->starts_with("WebSocket: ")) << *notebook.closed;
  }
}

}  // namespace
}  // namespace spheregate::tls
