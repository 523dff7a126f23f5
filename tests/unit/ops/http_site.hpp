#pragma once

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>
#include <chrono>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "spheregate/base/log.hpp"
#include "spheregate/metrics/registry.hpp"
#include "spheregate/ops/http_server.hpp"

namespace spheregate::test {

// A server on a loop of its own, as the daemon has it.
class HttpSite {
 public:
  explicit HttpSite(ops::HttpSettings settings = {}) {
    base::configureLog(base::LogLevel::silent, base::LogFormat::text);
    settings.listen.port = 0;
    server = *ops::HttpServer::open(loop, settings,
                                   {.metrics = [] { return std::string{"spheregate_up 1\n"}; },
                                    .notReady = [this] { return notReady; },
                                    .read = [this](const ops::AdminRequest& request) { return read(request); },
                                    .events = [this] { return greeting; }},
                                   counted);
    port = server->port();
    thread = std::thread{[this] { loop.run(); }};
  }
  ~HttpSite() {
    onLoop([this] { server.reset(); });
    work.reset();
    loop.stop();
    thread.join();
  }

  std::optional<ops::AdminAnswer> read(const ops::AdminRequest& request) const {
    if (request.path == "/status") {
      std::this_thread::sleep_for(statusTakes);
      return ops::AdminAnswer{200, status};
    }
    if (!request.path.starts_with("/devices/")) return std::nullopt;
    std::string told = request.path;
    for (const auto& [key, value] : request.query) told += " " + key + "=" + value;
    return ops::AdminAnswer{request.path == "/devices/nobody" ? 404u : 200u, told};
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

  double metric(const std::string& name) {
    double value = 0;
    onLoop([&] { value = static_cast<double>(counted.counter(name, {}).value()); });
    return value;
  }

  metrics::Registry counted;
  boost::asio::io_context loop{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work{loop.get_executor()};
  std::unique_ptr<ops::HttpServer> server;
  std::uint16_t port = 0;
  std::optional<std::string> notReady;
  std::string status = "{}";
  std::chrono::milliseconds statusTakes{0};
  std::string greeting = "retry: 2000\n\n";
  std::thread thread;
};

// A blocking client that sends what it is told.
class HttpClient {
 public:
  // `receiveBytes`: how much the system takes for somebody who does not read; 0: as it likes.
  explicit HttpClient(std::uint16_t port, int receiveBytes = 0) {
    socket_.open(boost::asio::ip::tcp::v4());
    if (receiveBytes > 0) socket_.set_option(boost::asio::socket_base::receive_buffer_size{receiveBytes});
    socket_.connect({boost::asio::ip::address_v4::loopback(), port});
  }

  // False when the server has closed already.
  bool send(const std::string& bytes) {
    boost::system::error_code error;
    boost::asio::write(socket_, boost::asio::buffer(bytes), error);
    return !error;
  }
  // Everything until the server closes.
  std::string rest() {
    std::string all = std::move(ahead_);
    boost::system::error_code error;
    boost::asio::read(socket_, boost::asio::dynamic_buffer(all), error);
    return all;
  }
  // Everything until these bytes have come.
  std::string until(const std::string& end) {
    boost::system::error_code error;
    const std::size_t bytes = boost::asio::read_until(socket_, boost::asio::dynamic_buffer(ahead_), end, error);
    std::string all = ahead_.substr(0, error ? ahead_.size() : bytes);
    ahead_.erase(0, all.size());
    return all;
  }
  std::string exactly(std::size_t bytes) {
    boost::system::error_code error;
    if (ahead_.size() < bytes) {
      boost::asio::read(socket_, boost::asio::dynamic_buffer(ahead_), boost::asio::transfer_exactly(bytes - ahead_.size()), error);
    }
    std::string all = ahead_.substr(0, bytes);
    ahead_.erase(0, all.size());
    return all;
  }

  boost::asio::ip::tcp::socket& socket() { return socket_; }

 private:
  std::string ahead_;  // read by `until`, and behind its end
  boost::asio::io_context loop_;
  boost::asio::ip::tcp::socket socket_{loop_};
};

// `fields`: further lines of the header, each with its end.
inline std::string ask(std::uint16_t port, const std::string& method, const std::string& target, const std::string& fields = {}) {
  HttpClient client{port};
  client.send(method + " " + target + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" + fields + "\r\n");
  return client.rest();
}

}  // namespace spheregate::test
