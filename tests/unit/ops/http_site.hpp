#pragma once

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "spheregate/base/log.hpp"
#include "spheregate/ops/http_server.hpp"

namespace spheregate::test {

// A server on a loop of its own, as the daemon has it.
class HttpSite {
 public:
  explicit HttpSite(ops::HttpSettings settings = {}) {
    base::configureLog(base::LogLevel::silent, base::LogFormat::text);
    settings.port = 0;
    server = *ops::HttpServer::open(loop, settings,
                                   {.metrics = [] { return std::string{"spheregate_up 1\n"}; },
                                    .notReady = [this] { return notReady; },
                                    .status = [this] { return status; }});
    port = server->port();
    thread = std::thread{[this] { loop.run(); }};
  }
  ~HttpSite() {
    onLoop([this] { server.reset(); });
    work.reset();
    loop.stop();
    thread.join();
  }

  template <class Job>
  void onLoop(Job job) {
    std::promise<void> done;
    boost::asio::post(loop, [&] {
      job();
      done.set_value();
    });
    done.get_future().wait();
  }

  boost::asio::io_context loop{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work{loop.get_executor()};
  std::unique_ptr<ops::HttpServer> server;
  std::uint16_t port = 0;
  std::optional<std::string> notReady;
  std::string status = "{}";
  std::thread thread;
};

// A blocking client that sends what it is told.
class HttpClient {
 public:
  explicit HttpClient(std::uint16_t port) { socket_.connect({boost::asio::ip::address_v4::loopback(), port}); }

  // False when the server has closed already.
  bool send(const std::string& bytes) {
    boost::system::error_code error;
    boost::asio::write(socket_, boost::asio::buffer(bytes), error);
    return !error;
  }
  // Everything until the server closes.
  std::string rest() {
    std::string all;
    boost::system::error_code error;
    boost::asio::read(socket_, boost::asio::dynamic_buffer(all), error);
    return all;
  }
  std::string exactly(std::size_t bytes) {
    std::string all(bytes, '\0');
    boost::system::error_code error;
    all.resize(boost::asio::read(socket_, boost::asio::buffer(all), error));
    return all;
  }

 private:
  boost::asio::io_context loop_;
  boost::asio::ip::tcp::socket socket_{loop_};
};

inline std::string ask(std::uint16_t port, const std::string& method, const std::string& target) {
  HttpClient client{port};
  client.send(method + " " + target + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  return client.rest();
}

}  // namespace spheregate::test
