#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "spheregate/base/timers.hpp"
#include "spheregate/base/wire.hpp"
#include "spheregate/metrics/registry.hpp"
#include "spheregate/mqtt/decoder.hpp"
#include "spheregate/upstream/credentials.hpp"
#include "spheregate/upstream/dialer.hpp"
#include "spheregate/upstream/inflight.hpp"
#include "spheregate/upstream/pacer.hpp"
#include "spheregate/upstream/settings.hpp"

namespace spheregate::upstream {

class Link;

// What a link tells its owner. On the core thread; the owner must not destroy the link inside.
class LinkUser {
 public:
  virtual ~LinkUser() = default;
  // The hub accepted the CONNECT; `publish` works from now on.
  virtual void linkUp(Link& link) = 0;
  // The hub has the message that was published with this token.
  virtual void linkAcknowledged(Link& link, std::uint64_t token) = 0;
  // The hub sent a message to the device. With QoS 1, `acknowledge` its packet id when the device has it. The views die with the
  // call.
  virtual void linkMessage(Link& link, const mqtt::Publish& message) = 0;
  // After acknowledgements, or when the wire took what it had: there may be room to publish.
  virtual void linkRoom(Link& link) = 0;
  // The connection is gone or an attempt failed. What was not acknowledged must be offered again after `linkUp`.
  virtual void linkDown(Link& link, std::string_view reason) = 0;
};

struct LinkMetrics {
  explicit LinkMetrics(metrics::Registry& registry);
  metrics::Counter& connected;
  metrics::Counter& refused;
  metrics::Counter& unreachable;
  metrics::Counter& noCredentials;
  metrics::Counter& stalls;
  metrics::Histogram& ackSeconds;
  metrics::Gauge& sessions;
};

// What all links share; the composition root owns the parts.
struct LinkContext {
  const Settings& settings;
  base::Timers& timers;
  Dialer& dialer;
  Pacer& pacer;
  const Credentials& credentials;
  LinkMetrics& metrics;
  std::mt19937_64& random;
};

// One device's MQTT connection to the hub under the device's own identity. While it is wanted it keeps trying: paced,
// with exponential back-off and full jitter. It renews its token by reconnecting before the expiry, at a random moment so that
// a fleet does not renew at once, and rebuilds itself when the hub stops acknowledging. Core thread only.
class Link final : public base::WireUser {
 public:
  enum class State : std::uint8_t { closed, backingOff, waitingTurn, dialing, connecting, up, renewing };

  Link(LinkContext& context, std::string deviceId, LinkUser& user);
  ~Link() override;
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;

  // From now on it is wanted. `query` is the query of the device's username, kept byte for byte; it counts at the next CONNECT.
  void open(std::string_view query);
  // No longer wanted: says DISCONNECT if it is up. The user hears nothing of it.
  void close();
  // Try soon instead of at the end of a long back-off, because another link found the hub reachable. `spread`: over how long
  // the tries of all links are to be spread.
  void hurry(base::Duration spread);

  State state() const { return state_; }
  bool up() const { return state_ == State::up; }
  // The last attempt failed, or the connection was lost: nothing can be expected of the hub soon.
  bool failing() const { return failures_ > 0 && state_ != State::up && state_ != State::renewing; }
  std::string_view lastError() const { return lastError_; }
  std::size_t inflight() const { return inflight_.size(); }
  // Subscribes at the hub, now and after every reconnect, until `unfollow`. The latest QoS counts.
  void follow(std::string_view filter, std::uint8_t qos);
  void unfollow(std::string_view filter);
  bool follows(std::string_view filter) const { return followed_.contains(filter); }
  // QoS 0, only while `up()`: requests and replies that are worth nothing later. False when the hub does not take what it gets.
  bool send(std::string_view topic, base::ByteView payload);
  // The device has the hub's QoS 1 message with this packet id, received on connection `epoch`; of an earlier connection it is
  // ignored, because the hub will send it again.
  void acknowledge(std::uint64_t epoch, mqtt::PacketId id);
  // Counts the connections that came up.
  std::uint64_t epoch() const { return epoch_; }
  // The hub does not answer something other than a PUBLISH: rebuilds the connection.
  void stalled(std::string_view reason);
  // The hub asks for a pause: reconnects after the back-off.
  void refused(std::string_view reason);
  // How many more messages may be published now.
  std::size_t room() const;
  // QoS 1. The topic is given in parts. Only while `room() > 0`.
  void publish(std::string_view prefix, std::string_view suffix, base::ByteView payload, bool retain, bool dup, std::uint64_t token);

  void wireBytes(base::ByteView bytes) override;
  void wireDrained() override;
  void wireClosed(std::string_view reason) override;

 private:
  void queueForTurn();
  void startDial();
  void dialed(base::Explained<std::unique_ptr<base::Wire>> wire);
  void sayConnect(const Password& password);
  std::size_t consume(base::ByteView bytes);
  bool handle(const mqtt::Frame& frame);
  bool handleConnack(const mqtt::Frame& frame);
  bool handlePuback(const mqtt::Frame& frame);
  bool handlePublish(const mqtt::Frame& frame);
  bool handleSuback(const mqtt::Frame& frame);
  void subscribe(const std::vector<mqtt::Filter>& filters);
  void becomeUp();
  void watch();
  void renew();
  void reconnectForRenewal();
  void stall(std::string_view reason);
  void dropWire(bool sayDisconnect);
  void fail(std::string_view reason);
  void backOff();

  LinkContext& context_;
  std::string deviceId_;
  LinkUser& user_;
  std::string query_;

  State state_ = State::closed;
  std::unique_ptr<Dial> dial_;
  std::unique_ptr<base::Wire> wire_;
  std::unique_ptr<base::Wire> retired_;  // may not be destroyed inside its own callback
  Pacer::Ticket ticket_ = 0;
  base::Timer timer_;   // back-off, CONNACK deadline, then the watch of a live link
  base::Timer renewal_;
  Inflight inflight_;
  std::map<std::string, std::uint8_t, std::less<>> followed_;  // filter, QoS
  std::uint64_t epoch_ = 0;
  base::Bytes input_;
  base::WallTime tokenExpires_{};
  base::MonoTime upSince_{};
  base::MonoTime sent_{};
  base::MonoTime pinged_{};
  bool pingWaiting_ = false;
  unsigned failures_ = 0;
  std::string lastError_;
};

const char* label(Link::State state);

}  // namespace spheregate::upstream
