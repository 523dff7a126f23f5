#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "spheregate/base/log_allowance.hpp"
#include "spheregate/base/timers.hpp"
#include "spheregate/metrics/registry.hpp"
#include "spheregate/queue/custody.hpp"
#include "spheregate/relay/refusal_notes.hpp"
#include "spheregate/relay/uplink.hpp"
#include "spheregate/session/conversation.hpp"
#include "spheregate/state/store.hpp"
#include "spheregate/tls/verdict.hpp"

namespace spheregate::relay {

class FrontMetrics;
class Sessions;

// Counts that a person asks for one device; the books are in its queue's ledger.
struct DeviceView {
  std::string id;
  bool connected = false;
  // While it is connected:
  base::WallTime since{};
  std::shared_ptr<const tls::Verdict> verdict;
  std::string peer;
  std::size_t unacknowledged = 0;
  Uplink::LinkState link;
  queue::DeviceQueueState queue;
};

// Why a session may not go on.
struct Unwelcome {
  const char* result = "";  // label of device_sessions_revoked_total: denied, unknown_ca, revoked, expired, …
  std::string reason;       // a sentence
  std::string fix;          // a sentence
};
// By what a device was let in with; nothing when its session may go on.
using Review = std::function<std::optional<Unwelcome>(const tls::Verdict&)>;

// The devices' side: welcomes connections, checks each CONNECT and each topic against the certificate, takes telemetry into
// custody and gives the PUBACKs when custody says so. Owns the conversations. Core thread only.
class Front final : public session::Host, public DeviceSide {
 public:
  Front(const session::Settings& settings, queue::Custody& custody, Uplink& uplink, state::Store& state, base::Timers& timers,
        metrics::Registry& metrics);
  ~Front() override;
  Front(const Front&) = delete;
  Front& operator=(const Front&) = delete;

  // Whom to tell of refusals from now on; outlives the front.
  void tell(RefusalNotes& notes) { notes_ = &notes; }
  // The hub that a username may name besides the gateway; empty, the default: nobody looks.
  void serve(std::string hub) { hub_ = std::move(hub); }

  void welcome(std::unique_ptr<base::Wire> wire, std::shared_ptr<const tls::Verdict> verdict);
  // Ends the conversations of these devices. Whoever let them in must not do so again.
  void endDenied(const std::vector<std::string>& ids);
  // Judges everybody who is connected again and ends the sessions that may not go on; how many. One log line tells of all.
  std::size_t review(const Review& judge);
  // Tells the notes of a device that was turned away after its handshake, before the front knew it.
  void noteUnwelcome(const Unwelcome& why, std::string_view peer, const tls::Verdict& verdict);
  // Ends the device's conversations; it may come again. False when there is none.
  bool disconnect(std::string_view id, std::string_view why);
  // Ends every conversation and welcomes nobody from now on.
  void shutDown();

  std::size_t devicesConnected() const { return connected_; }
  // Connected now, by the SHA-256 of the tenant CA that vouched for them; with 0 those that had some before.
  const std::map<std::string, std::size_t>& devicesByCa() const { return devicesByCa_; }
  std::vector<DeviceView> devices() const;
  // Of a device that was here or has something queued; nothing otherwise.
  std::optional<queue::DeviceKey> find(std::string_view id) const;
  bool isConnected(queue::DeviceKey device) const;
  DeviceView view(queue::DeviceKey device) const;

  session::ConnectAnswer connecting(session::Conversation& conversation, const mqtt::Connect& connect) override;
  void listening(session::Conversation& conversation) override;
  session::PublishAnswer published(session::Conversation& conversation, const mqtt::Publish& publish) override;
  std::uint8_t subscribing(session::Conversation& conversation, const mqtt::Filter& filter) override;
  void unsubscribing(session::Conversation& conversation, std::string_view filter) override;
  void ended(session::Conversation& conversation, session::Ending ending, std::string_view detail,
             const session::StoredWill* will) override;

  void received(session::Conversation& conversation, std::uint64_t token) override;

  Delivery deliver(queue::DeviceKey device, const mqtt::Publish& message, std::uint64_t token) override;
  void acknowledge(queue::DeviceKey device, queue::Sequence through) override;
  void roomAgain() override;
  void storeClosed(std::string_view reason) override;
  void tooSlow(queue::DeviceKey device) override;

 private:
  struct Guest;
  struct Seat;

  Seat& seat(queue::DeviceKey device);
  Guest& guest(const session::Conversation& conversation);
  void endAll(std::string_view detail);
  void endThose(const std::function<bool(const Guest&)>& those, session::Ending ending, std::string_view detail);
  session::ConnectAnswer refuse(session::Conversation& conversation, mqtt::ConnackCode code, const char* result, std::string_view reason,
                                std::string_view fix);
  session::ConnectAnswer admit(Guest& guest, const mqtt::Connect& connect, std::string_view query);
  session::PublishAnswer takeTelemetry(Guest& guest, const mqtt::Publish& publish, std::string_view suffix);
  session::PublishAnswer takeRead(Guest& guest, const mqtt::Publish& publish, const hub::PublishTopic& topic);
  session::PublishAnswer takePatch(Guest& guest, const mqtt::Publish& publish, const hub::PublishTopic& topic);
  session::PublishAnswer answerOf(Guest& guest, const queue::Accepted& accepted, std::uint8_t qos);
  session::PublishAnswer forbid(const session::Conversation& conversation, const char* result, std::string_view topic,
                                std::string_view reason, std::string_view fix);
  session::PublishAnswer forbidTopic(const session::Conversation& conversation, std::string_view topic);
  std::uint8_t refuseFilter(const session::Conversation& conversation, const mqtt::Filter& filter, bool ofSharedMode);
  void publishWill(const Guest& guest, const session::StoredWill& will);
  // Whether the way to the hub and the settings take it.
  bool fits(std::string_view id, std::string_view suffix, base::ByteView payload) const;
  void turnAway(const base::Wire& wire, const tls::Verdict& verdict);
  void logRefusal(std::string_view peer, const tls::Verdict& verdict, const char* result, std::string_view connack,
                  std::string_view reason, std::string_view fix);
  void note(Deed deed, const char* result, std::string_view reason, std::string_view fix, std::string_view peer, const tls::Verdict& verdict);
  void noteAllowed(Deed deed, bool& told, std::string_view id);
  void noteEnd(const Guest& leaving, session::Ending ending, std::string_view detail);
  void logEnd(const session::Conversation& conversation, session::Ending ending, std::string_view detail);
  void connectCame(Guest& guest);
  void showDevicesByCa();
  std::size_t devicesHeld() const;
  void buryLater(std::unique_ptr<Guest> guest);

  const session::Settings& settings_;
  queue::Custody& custody_;
  Uplink& uplink_;
  base::Timers& timers_;
  metrics::Registry& metrics_;
  RefusalNotes* notes_ = nullptr;
  std::string hub_;
  std::unordered_map<std::uint64_t, std::unique_ptr<Guest>> guests_;  // by number; iterated in an order that a seed repeats
  std::uint64_t nextGuest_ = 1;
  std::vector<std::unique_ptr<Guest>> buried_;  // may not be destroyed inside their own callbacks
  base::Timer burial_;
  std::vector<std::unique_ptr<Seat>> seats_;  // by device key
  std::unique_ptr<Sessions> sessions_;
  base::LogAllowance refusals_;
  base::LogAllowance visits_;  // connects and disconnects
  std::unique_ptr<FrontMetrics> counts_;
  std::unordered_map<std::string, std::size_t> unfinished_;  // connections without CONNECT, by certified id
  std::map<std::string, std::size_t> devicesByCa_;
  std::size_t connected_ = 0;
  bool stopping_ = false;
  bool reviewing_ = false;  // whoever leaves now is told of in the review's own line
};

}  // namespace spheregate::relay
