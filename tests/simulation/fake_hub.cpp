#include "fake_hub.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include "spheregate/hub/topics.hpp"
#include "spheregate/mqtt/encoder.hpp"

namespace spheregate::simulation {
namespace {

constexpr std::size_t kPacketBytesMax = 512 * 1024;

}  // namespace

std::string suffixOf(std::uint64_t number) { return number % 3 == 0 ? "/" : "/n=" + std::to_string(number) + "&k=%24v"; }

std::string payloadOf(std::uint64_t number) {
  std::string payload = std::to_string(number);
  payload += ' ';
  payload.resize(payload.size() + number * 7919 % 600, static_cast<char>('a' + number % 26));
  return payload;
}

std::uint64_t numberOf(std::string_view payload) {
  std::uint64_t number = 0;
  std::from_chars(payload.data(), payload.data() + payload.size(), number);
  return number;
}

// One connection at the hub.
class FakeHub::Peer final : public base::WireUser, public std::enable_shared_from_this<Peer> {
 public:
  Peer(FakeHub& hub, std::unique_ptr<base::Wire> wire, std::weak_ptr<Connection> connection)
      : hub_{hub}, wire_{std::move(wire)}, connection_{std::move(connection)} {}

  void start() { wire_->attach(*this); }
  void cut() {
    ++hub_.cuts_[device_];
    if (const auto connection = connection_.lock()) connection->cut();
  }
  void close() {
    closed_ = true;
    wire_->close();
  }
  bool closed() const { return closed_; }
  const std::string& device() const { return device_; }

  void wireDrained() override {}
  void wireClosed(std::string_view) override { closed_ = true; }
  void wireBytes(base::ByteView bytes) override {
    base::append(input_, bytes);
    std::size_t used = 0;
    mqtt::Frame frame;
    while (!closed_) {
      const auto framing = mqtt::nextFrame(base::ByteView{input_}.subspan(used), kPacketBytesMax, frame);
      if (!framing) return close();
      if (*framing == mqtt::Framing::incomplete) break;
      used += frame.size;
      handle(frame);
    }
    input_.erase(input_.begin(), input_.begin() + static_cast<std::ptrdiff_t>(used));
  }

 private:
  void handle(const mqtt::Frame& frame) {
    if (frame.type == mqtt::PacketType::connect) return connect(frame);
    if (frame.type == mqtt::PacketType::publish) return publish(frame);
    if (frame.type == mqtt::PacketType::pingreq) {
      mqtt::appendPingresp(wire_->outbox());
      return wire_->flush();
    }
    close();
  }

  void connect(const mqtt::Frame& frame) {
    const auto packet = mqtt::parseConnect(frame);
    if (!packet || hub_.faults.outage) return close();
    const bool refused = hub_.world_.chance(hub_.faults.refuseConnect) ||
                         !hub_.takes(hub_.faults.connectsPerSecond, hub_.connectsUsed_, hub_.connectsSince_);
    mqtt::appendConnack(wire_->outbox(),
                        {.sessionPresent = false, .code = refused ? mqtt::ConnackCode::unavailable : mqtt::ConnackCode::accepted});
    wire_->flush();
    if (refused) return close();
    device_ = packet->clientId;
    ++hub_.connects_[device_];
    for (const auto& other : hub_.peers_) {
      if (other.get() != this && other->device_ == device_ && !other->closed_) other->close();
    }
  }

  void publish(const mqtt::Frame& frame) {
    const auto packet = mqtt::parsePublish(frame);
    const HubFaults& now = hub_.faults;
    if (!packet || device_.empty()) return close();
    const std::uint64_t number = numberOf(base::asText(packet->payload));
    const auto closeOnIt = [&] {
      ++hub_.closes_[device_][number];
      close();
    };
    if ((hub_.poisonous(number) && !hub_.mended) || now.quotaUsedUp || hub_.world_.chance(now.dropUnseen)) return closeOnIt();
    if (!hub_.takes(now.messagesPerSecond, hub_.messagesUsed_, hub_.messagesSince_)) return closeOnIt();
    hub_.record(device_, *packet);
    if (hub_.world_.chance(now.closeInsteadOfAck)) return closeOnIt();
    if (hub_.world_.chance(now.swallowAck)) return;
    nextAck_ = std::max(nextAck_, hub_.world_.clock.now() + hub_.world_.upTo(now.ackDelayMax));
    hub_.world_.timers.at(nextAck_, [self = shared_from_this(), id = packet->packetId] {
      if (self->closed_) return;
      mqtt::appendPuback(self->wire_->outbox(), id);
      self->wire_->flush();
    });
  }

  FakeHub& hub_;
  std::unique_ptr<base::Wire> wire_;
  std::weak_ptr<Connection> connection_;
  std::string device_;
  base::Bytes input_;
  base::MonoTime nextAck_{};
  bool closed_ = false;
};

void FakeHub::accept(std::unique_ptr<base::Wire> wire, std::weak_ptr<Connection> connection) {
  bury();
  peers_.push_back(std::make_shared<Peer>(*this, std::move(wire), std::move(connection)));
  peers_.back()->start();
}

void FakeHub::bury() {
  std::erase_if(peers_, [](const std::shared_ptr<Peer>& peer) { return peer->closed(); });
}

// A second's worth at once, as the hub's own buckets have it.
bool FakeHub::takes(std::uint32_t perSecond, double& used, base::MonoTime& since) {
  if (perSecond == 0) return true;
  const base::MonoTime now = world_.clock.now();
  used = std::max(0.0, used - std::chrono::duration<double>(now - since).count() * perSecond);
  since = now;
  if (used + 1 > perSecond) return false;
  used += 1;
  return true;
}

void FakeHub::cutAll() {
  for (const auto& peer : peers_) peer->cut();
}

void FakeHub::cutOne() {
  if (!peers_.empty()) peers_[world_.below(peers_.size())]->cut();
}

void FakeHub::record(const std::string& device, const mqtt::Publish& publish) {
  const std::uint64_t number = numberOf(base::asText(publish.payload));
  const bool same = base::asText(publish.payload) == payloadOf(number) &&
                    publish.topic == hub::telemetryPrefix(device) + suffixOf(number) && publish.qos == 1;
  if (!same) ++corrupted_;
  arrived_[device].push_back(number);
}

namespace {

class FakeDial final : public upstream::Dial {
 public:
  explicit FakeDial(base::Timers& timers) : timer{timers} {}
  base::Timer timer;
};

}  // namespace

std::unique_ptr<upstream::Dial> FakeDialer::dial(std::string_view, Done done) {
  auto attempt = std::make_unique<FakeDial>(world_.timers);
  attempt->timer.after(world_.upTo(std::chrono::milliseconds{20}), [this, done = std::move(done)] {
    if (hub_.faults.outage) return done(std::string{"no route to the hub"});
    std::weak_ptr<Connection> handle;
    auto [ours, theirs] = Connection::make(world_, "hub", &handle);
    hub_.accept(std::move(theirs), handle);
    done(std::move(ours));
  });
  return attempt;
}

}  // namespace spheregate::simulation
