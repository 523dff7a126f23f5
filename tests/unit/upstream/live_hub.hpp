#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <filesystem>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "hubsim/hub.hpp"
#include "hubsim/mqtt_server.hpp"
#include "hubsim/timer_driver.hpp"
#include "hubsim/tls_context.hpp"
#include "hubsim/ws_server.hpp"
#include "spheregate/upstream/control_client.hpp"

namespace spheregate::upstream::test {

// The simulated hub with its sockets and TLS, on a thread of its own. It knows the device `gateway` and its key.
class LiveHub {
 public:
  LiveHub();
  LiveHub(const LiveHub&) = delete;
  LiveHub& operator=(const LiveHub&) = delete;
  ~LiveHub();

  ControlAddress address() const;
  ControlAddress webSocketAddress() const;
  ControlLogin login() const;             // with a token
  ControlLogin certificateLogin() const;  // X.509

  // Runs on the hub's thread; returns when it has.
  template <class Ask>
  auto ask(Ask what) {
    std::packaged_task<decltype(what(std::declval<hubsim::Hub&>()))()> task{[&] { return what(*hub_); }};
    auto answer = task.get_future();
    boost::asio::post(loop_, [&task] { task(); });
    return answer.get();
  }
  void fault(const std::string& json);
  void sendToGateway(const std::string& payload);

  // Another authority, which the hub's certificate does not come from.
  std::filesystem::path strangeCa() const { return directory_ / "strange.pem"; }

 private:
  std::filesystem::path directory_;
  base::SystemClock clock_;
  base::Timers timers_{clock_};
  boost::asio::io_context loop_{1};
  hubsim::TimerDriver driver_{loop_, timers_};
  std::unique_ptr<hubsim::TlsContext> tls_;
  std::unique_ptr<hubsim::Hub> hub_;
  std::unique_ptr<hubsim::MqttServer> server_;
  std::unique_ptr<hubsim::WsServer> webSocket_;
  std::uint16_t port_ = 0;
  std::uint16_t webSocketPort_ = 0;
  std::thread thread_;
};

}  // namespace spheregate::upstream::test
