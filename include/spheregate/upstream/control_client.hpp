#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "spheregate/base/bytes.hpp"

namespace spheregate::upstream {

// How the gateway itself reaches a server: the hub, or the provisioning service.
struct ControlAddress {
  std::string host;
  std::uint16_t port = 8883;
  bool websocket = false;
  std::string path;                   // of the WebSocket, for example `/$iothub/websocket`
  std::filesystem::path ca;           // empty: the system's store
  std::string proxy;                  // `http://host:port`, empty without
  std::string proxyUser;
  std::string proxyPassword;
};

struct ControlLogin {
  std::string clientId;
  std::string username;
  std::string password;                 // empty with a certificate
  std::filesystem::path certificate;    // X.509, empty without
  std::filesystem::path privateKey;
};

struct ControlMessage {
  std::string topic;
  base::Bytes payload;
  int qos = 0;
  bool dup = false;
};

// What a control client tells its owner, on the core thread and never inside a call to the client. After `controlDown` the client may
// `connect` again; nothing of the old connection comes after it.
class ControlUser {
 public:
  virtual ~ControlUser() = default;
  virtual void controlUp() = 0;
  // The attempt failed or the connection is gone. `refusal`: the CONNACK code when the server said one, else 0.
  virtual void controlDown(std::string_view reason, int refusal) = 0;
  // The server has the message that was published with this token.
  virtual void controlAcknowledged(std::uint64_t token) = 0;
  virtual void controlMessage(const ControlMessage& message) = 0;
};

// One MQTT connection of the gateway's own, over Paho. Core thread only; one thread calls Paho for all clients, and what Paho calls back
// comes to the core thread by a post. A connection whose subscription the server refuses is of no use and ends in `controlDown`.
class ControlClient {
 public:
  // Paho acknowledges a QoS 1 message when its callback returns, so what must be durable first goes to `keep`, which runs on Paho's thread
  // before that. It may wait for a disk but never for the core thread. It may still run after `disconnect`, even after the client is gone,
  // until the ControlClients are: what it uses must outlive those, and it sees messages that no `controlMessage` tells of.
  using Keep = std::function<void(const ControlMessage&)>;

  virtual ~ControlClient() = default;
  // With cleanSession; ends in `controlUp` or `controlDown`. Only while down. Paho looks at `patience` every few seconds only, and not while
  // it resolves a name.
  virtual void connect(const ControlAddress& address, const ControlLogin& login, std::chrono::seconds keepAlive,
                       std::chrono::milliseconds patience) = 0;
  virtual void subscribe(std::string filter, int qos) = 0;
  virtual void unsubscribe(std::string filter) = 0;
  // QoS 1 is reported with its token; QoS 0 never. Only while up. False: too much is on its way already, and this was not taken.
  virtual bool publish(std::string topic, base::Bytes payload, int qos, bool retain, std::uint64_t token) = 0;
  // Says DISCONNECT; the user hears nothing more of this connection.
  virtual void disconnect() = 0;
};

// Makes clients; owns the thread that calls Paho, and must outlive them.
class ControlClients {
 public:
  virtual ~ControlClients() = default;
  virtual std::unique_ptr<ControlClient> make(ControlUser& user, ControlClient::Keep keep = {}) = 0;
};

// `post` brings a job to the core thread from any thread.
std::unique_ptr<ControlClients> makePahoClients(std::function<void(std::function<void()>)> post);

}  // namespace spheregate::upstream
