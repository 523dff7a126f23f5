#include <gmock/gmock.h>

#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "event_feed.hpp"
#include "event_stream.hpp"
#include "http_site.hpp"

// Server-sent events, as bytes on a socket.
namespace spheregate::ops {
namespace {

using namespace std::chrono_literals;
using test::ask;
using test::HttpClient;
using test::HttpSite;
using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr const char* kListen = "GET /events HTTP/1.1\r\nHost: x\r\n\r\n";

class Events : public ::testing::Test {
 protected:
  std::unique_ptr<HttpClient> listener(const std::string& request = kListen) {
    auto client = std::make_unique<HttpClient>(site_.port);
    client->send(request);
    header_ = client->until("\r\n\r\n");
    return client;
  }
  void publish(const std::string& events) {
    site_.onLoop([&] { site_.server->publish(events); });
  }
  std::size_t listeners() {
    std::size_t count = 0;
    site_.onLoop([&] { count = site_.server->listeners(); });
    return count;
  }
  bool awaitListeners(std::size_t count) {
    const auto deadline = std::chrono::steady_clock::now() + 10s;
    while (listeners() != count && std::chrono::steady_clock::now() < deadline) std::this_thread::sleep_for(5ms);
    return listeners() == count;
  }

  HttpSite site_;
  std::string header_;
};

TEST_F(Events, comeInChunksAsTheyAreTold) {
  const auto client = listener();
  EXPECT_THAT(header_, AllOf(StartsWith("HTTP/1.1 200 "), HasSubstr("Content-Type: text/event-stream\r\n"), HasSubstr("Transfer-Encoding: chunked\r\n"),
                             HasSubstr("Connection: close\r\n"), HasSubstr("X-Accel-Buffering: no\r\n"), HasSubstr("Cache-Control: no-store\r\n"),
                             Not(HasSubstr("Content-Length"))));
  EXPECT_EQ(client->until("\n\n\r\n"), "d\r\nretry: 2000\n\n\r\n");
  publish("event: status\ndata: {}\n\n");
  publish("event: device\ndata: {\"id\":\"x\"}\n\n");
  EXPECT_EQ(client->until("\n\n\r\n"), "18\r\nevent: status\ndata: {}\n\n\r\n");
  EXPECT_EQ(client->until("\n\n\r\n"), "20\r\nevent: device\ndata: {\"id\":\"x\"}\n\n\r\n");
  publish("");  // would be the end
  EXPECT_EQ(listeners(), 1u);
}

TEST_F(Events, endWithALastChunk) {
  const auto client = listener();
  publish("data: last\n\n");
  site_.onLoop([&] { site_.server->endEvents(); });
  EXPECT_THAT(client->rest(), EndsWith("data: last\n\n\r\n0\r\n\r\n"));
  EXPECT_EQ(listeners(), 0u);
}

// As nginx asks unless it is told otherwise.
TEST_F(Events, endWithTheConnectionInHttp10) {
  const auto client = listener("GET /events HTTP/1.0\r\n\r\n");
  EXPECT_THAT(header_, AllOf(StartsWith("HTTP/1.0 200 "), Not(HasSubstr("chunked")), Not(HasSubstr("keep-alive"))));
  publish("data: last\n\n");
  site_.onLoop([&] { site_.server->endEvents(); });
  EXPECT_EQ(client->rest(), "retry: 2000\n\ndata: last\n\n");
}

TEST_F(Events, haveAHeaderForWhoOnlyLooks) {
  const std::string answer = ask(site_.port, "HEAD", "/events");
  EXPECT_THAT(answer, AllOf(StartsWith("HTTP/1.1 200 "), HasSubstr("text/event-stream"), EndsWith("\r\n\r\n")));
  EXPECT_EQ(listeners(), 0u);
  EXPECT_THAT(ask(site_.port, "POST", "/events"), StartsWith("HTTP/1.1 405 "));
}

TEST_F(Events, forgetWhoIsGone) {
  auto gone = listener();
  const auto stays = listener();
  EXPECT_EQ(listeners(), 2u);
  gone.reset();
  EXPECT_TRUE(awaitListeners(1));
  publish("data: x\n\n");
  EXPECT_THAT(stays->until("data: x\n\n"), HasSubstr("data: x"));
}

TEST_F(Events, areForSixteenAtOnce) {
  std::vector<std::unique_ptr<HttpClient>> clients;
  for (std::size_t count = 0; count < EventFeed::kStreamsMax; ++count) clients.push_back(listener());
  EXPECT_THAT(ask(site_.port, "GET", "/events"), AllOf(StartsWith("HTTP/1.1 503 "), HasSubstr("Retry-After: "), HasSubstr("16 clients listen already")));
  EXPECT_THAT(ask(site_.port, "GET", "/status"), StartsWith("HTTP/1.1 200 "));
  clients.pop_back();
  EXPECT_TRUE(awaitListeners(EventFeed::kStreamsMax - 1));
  clients.push_back(listener());
  EXPECT_THAT(header_, StartsWith("HTTP/1.1 200 "));
}

// Idle connections make room for others; who listens is not idle.
TEST_F(Events, areNotPushedOutByIdleConnections) {
  const auto client = listener();
  std::vector<std::unique_ptr<HttpClient>> idle;
  for (std::size_t count = 0; count < 2 * HttpSettings{}.connectionsMax; ++count) idle.push_back(std::make_unique<HttpClient>(site_.port));
  EXPECT_THAT(ask(site_.port, "GET", "/healthz"), StartsWith("HTTP/1.1 200 "));
  publish("data: still here\n\n");
  EXPECT_THAT(client->until("still here\n\n"), HasSubstr("still here"));
}

TEST_F(Events, areOverForWhoSpeaksMeanwhile) {
  const auto client = listener();
  client->send("GET /status HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_THAT(client->rest(), Not(HasSubstr("HTTP/1.1")));
  EXPECT_EQ(listeners(), 0u);
}

// What one who does not read costs is bounded, and nobody else notices.
TEST_F(Events, doNotWaitForWhoDoesNotRead) {
  const auto deaf = listener();
  const auto quick = listener();
  quick->until("\n\n\r\n");
  constexpr std::size_t kBytes = 64 * 1024;
  std::size_t published = 0;
  std::size_t read = 0;
  while (listeners() == 2 && published < 64u << 20) {
    publish("data: " + std::string(kBytes, 'x') + "\n\n");
    published += kBytes;
    read += quick->until("\n\n\r\n").size();
  }
  EXPECT_EQ(listeners(), 1u);
  EXPECT_EQ(site_.metric("http_event_streams_dropped_total"), 1);
  EXPECT_GE(read, published);
  // The rest is in the buffers of the two sockets.
  const std::size_t taken = deaf->rest().size();
  std::printf("dropped after %zu KiB, of which %zu KiB were in the sockets' buffers\n", published / 1024, taken / 1024);
  EXPECT_LE(published, taken + EventStream::kWaitingBytesMax + 4 * kBytes);
}

TEST(SlowEvents, endAtTheDeadline) {
  HttpSettings settings;
  settings.deadline = 200ms;
  HttpSite site{settings};
  HttpClient deaf{site.port, 4096};
  deaf.send(kListen);
  deaf.until("retry: 2000\n\n");
  // More than the sockets' buffers hold, and not too much.
  constexpr std::size_t kBytes = 100 * 1024;
  static_assert(4 * kBytes < EventStream::kWaitingBytesMax);
  for (int event = 0; event < 4; ++event) {
    site.onLoop([&] { site.server->publish("data: " + std::string(kBytes, 'x') + "\n\n"); });
  }
  EXPECT_EQ(site.metric("http_event_streams_dropped_total"), 0);
  std::this_thread::sleep_for(600ms);
  EXPECT_EQ(site.metric("http_event_streams_dropped_total"), 1);
  site.onLoop([&] { EXPECT_EQ(site.server->listeners(), 0u); });
}

TEST(SlowEvents, lastWhileNothingIsSaid) {
  HttpSettings settings;
  settings.deadline = 100ms;
  HttpSite site{settings};
  HttpClient client{site.port};
  client.send(kListen);
  client.until("retry: 2000\n\n");
  std::this_thread::sleep_for(400ms);
  site.onLoop([&] { site.server->publish("data: x\n\n"); });
  EXPECT_THAT(client.until("data: x\n\n"), HasSubstr("data: x"));
}

TEST(SlowEvents, dieWithTheServer) {
  auto site = std::make_unique<HttpSite>();
  HttpClient client{site->port};
  client.send(kListen);
  client.until("retry: 2000\n\n");
  site.reset();
  EXPECT_THAT(client.rest(), Not(HasSubstr("HTTP/1.1")));
}

}  // namespace
}  // namespace spheregate::ops
