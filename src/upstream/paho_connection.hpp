#pragma once

#include <mqtt/async_client.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "paho_caller.hpp"
#include "spheregate/upstream/control_client.hpp"

namespace spheregate::upstream {

// One attempt to connect and the connection that comes of it, with a Paho client of its own. Three threads meet here, each with its
// section. It lives until the caller thread has destroyed the Paho client, after which Paho calls nothing any more.
class PahoConnection final : public std::enable_shared_from_this<PahoConnection>, private mqtt::callback, private mqtt::iaction_listener {
 public:
  using Post = std::function<void(std::function<void()>)>;

  struct Wanted {
    ControlAddress address;
    ControlLogin login;
    std::chrono::seconds keepAlive;
    std::chrono::milliseconds patience;
  };

  PahoConnection(PahoCaller& caller, const Post& post, ControlUser& user, ControlClient::Keep keep);

  // The core thread.
  void begin(Wanted wanted);
  void subscribe(std::string filter, int qos);
  void unsubscribe(std::string filter);
  bool publish(std::string topic, const base::Bytes& payload, int qos, bool retain, std::uint64_t token);
  // The user hears nothing from here on.
  void end();
  bool ended() const { return user_ == nullptr; }

 private:
  struct Event {
    enum class Kind : std::uint8_t { up, down, acknowledged, message };
    Kind kind = Kind::up;
    std::uint64_t token = 0;
    int refusal = 0;
    std::string reason;
    ControlMessage message;
  };

  // The core thread.
  void hear();
  void tell(Event& event);

  // The caller thread.
  void open(const Wanted& wanted);
  void send(const mqtt::const_message_ptr& message);
  // Runs a call to Paho, whose exceptions mean that the connection is of no use any more.
  template <class Call>
  void attempt(const char* what, Call call);

  // Paho's threads.
  void connection_lost(const std::string& cause) override;
  void message_arrived(mqtt::const_message_ptr message) override;
  void on_success(const mqtt::token& token) override;
  void on_failure(const mqtt::token& token) override;

  // Any thread.
  void report(Event event);
  void reportDown(std::string reason, int refusal = 0);
  void settle(std::size_t bytes);

  PahoCaller& caller_;
  const Post& post_;
  ControlUser* user_;
  const ControlClient::Keep keep_;
  std::unique_ptr<mqtt::async_client> client_;  // the caller thread's

  // What was given to publish and has not come to an end.
  std::atomic<std::size_t> pending_{0};
  std::atomic<std::size_t> pendingBytes_{0};

  std::mutex mutex_;  // what follows is handed from Paho's threads to the core thread
  std::vector<Event> events_;
  std::size_t messageBytes_ = 0;
  bool posted_ = false;
  bool up_ = false;
  bool down_ = false;
};

}  // namespace spheregate::upstream
