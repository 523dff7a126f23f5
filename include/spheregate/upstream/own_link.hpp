#pragma once

#include <cstdint>
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
#include "spheregate/upstream/link.hpp"
#include "spheregate/upstream/pacer.hpp"
#include "spheregate/upstream/settings.hpp"
#include "spheregate/upstream/weather.hpp"

namespace spheregate::upstream {

struct LinkMetrics {
  // `prefix`: `upstream_` for the devices' links; the gateway's own connection beside those has names of its own.
  explicit LinkMetrics(metrics::Registry& registry, const std::string& prefix = "upstream_");
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
  Weather& weather;
  Credentials& credentials;
  LinkMetrics& metrics;
  std::mt19937_64& random;
};

// One device's MQTT connection to the hub under the device's own identity. While it is wanted it keeps trying: as the weather lets
// it, or with an exponential back-off and full jitter of its own. It renews its token by reconnecting before the expiry, at a random moment so that
// a fleet does not renew at once, and rebuilds itself when the hub stops acknowledging. Core thread only.
class OwnLink final : public Link, public base::WireUser, private Weather::Traveller {
 public:
  OwnLink(LinkContext& context, std::string deviceId, LinkUser& user);
  ~OwnLink() override;
  OwnLink(const OwnLink&) = delete;
  OwnLink& operator=(const OwnLink&) = delete;

  void open(std::string_view query) override;
  void close() override;
  void hurry(base::Duration within) override;
  State state() const override { return state_; }
  bool failing() const override;
  std::string_view lastError() const override { return lastError_; }
  bool closedByHub() const override { return closedByHub_; }
  std::size_t inflight() const override { return inflight_.size(); }
  void follow(std::string_view filter, std::uint8_t qos) override;
  void unfollow(std::string_view filter) override;
  bool follows(std::string_view filter) const override { return followed_.contains(filter); }
  bool send(std::string_view topic, base::ByteView payload) override;
  void acknowledge(std::uint64_t epoch, mqtt::PacketId id) override;
  std::uint64_t epoch() const override { return epoch_; }
  void stalled(std::string_view reason) override;
  void refused(std::string_view reason) override;
  std::size_t room() const override;
  void publish(std::string_view prefix, std::string_view suffix, base::ByteView payload, bool retain, bool dup,
               std::uint64_t token) override;

  void wireBytes(base::ByteView bytes) override;
  void wireDrained() override;
  void wireClosed(std::string_view reason) override;

 private:
  // Of the weather.
  void attempt() override;
  void roomAgain() override;
  bool loaded() const override { return loaded_; }
  bool publishing() const override { return !inflight_.empty(); }

  void queueForTurn();
  void startDial(base::Explained<Login> login);
  void dialed(base::Explained<std::unique_ptr<base::Wire>> wire);
  void sayConnect();
  std::size_t consume(base::ByteView bytes);
  bool handle(const mqtt::Frame& frame);
  bool handleConnack(const mqtt::Frame& frame);
  bool handlePuback(const mqtt::Frame& frame);
  bool handlePublish(const mqtt::Frame& frame);
  bool handleSuback(const mqtt::Frame& frame);
  void subscribe(const std::vector<mqtt::Filter>& filters);
  std::string refusal(mqtt::ConnackCode code) const;
  void becomeUp();
  void watch();
  void renew();
  void reconnectForRenewal();
  void stall(std::string_view reason);
  void dropWire(bool sayDisconnect);
  void attemptFailed(Trouble trouble, std::string_view reason);
  enum class Ending : std::uint8_t { closed, silent, ours };
  void connectionLost(Ending ending, std::string_view reason);
  void fail(std::string_view reason);
  void waitForTheHub();
  void backOff(base::Duration longest);

  LinkContext& context_;
  std::string deviceId_;
  LinkUser& user_;
  std::string query_;

  State state_ = State::closed;
  std::unique_ptr<LoginRequest> request_;
  Login login_;
  std::unique_ptr<Dial> dial_;
  std::unique_ptr<base::Wire> wire_;
  std::unique_ptr<base::Wire> retired_;  // may not be destroyed inside its own callback
  base::Timer timer_;   // back-off, CONNACK deadline, then the watch of a live link
  base::Timer renewal_;
  Inflight inflight_;
  std::map<std::string, std::uint8_t, std::less<>> followed_;  // filter, QoS
  std::uint64_t epoch_ = 0;
  base::Bytes input_;
  base::MonoTime upSince_{};
  base::MonoTime sent_{};
  base::MonoTime pinged_{};
  bool pingWaiting_ = false;
  unsigned failures_ = 0;
  bool closedByHub_ = false;
  bool loaded_ = false;  // the last connection ended with messages under way
  std::string lastError_;
};

// A link for each device, all from one context, which must outlive them.
class OwnLinks final : public Links {
 public:
  explicit OwnLinks(LinkContext& context) : context_{context} {}
  std::unique_ptr<Link> make(std::string deviceId, LinkUser& user) override;

 private:
  LinkContext& context_;
};

}  // namespace spheregate::upstream
